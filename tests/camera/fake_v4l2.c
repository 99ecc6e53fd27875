/* A camera driver for a test: answers Video4Linux's ioctls for plain files named video0, video1, ... in one directory.

   cc -shared -fPIC -DDIRECTORY='"/dev/shm/..."' -o fake_v4l2.so fake_v4l2.c -ldl; LD_PRELOAD=fake_v4l2.so

   The file is the memory of the driver's buffers, so that mapping it is left to the kernel. Beside it lie frame0.jpg to
   frame9.jpg, which come round and round; `mood`: fine, hang, crash, gone, yuyv or fixed (its focus); and `asked`, where each format and
   control that was set is written down. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/videodev2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFERS = 4, BUFFER_BYTES = 1 << 20, PERIOD_MICROSECONDS = 20000 };

static struct v4l2_pix_format format = {.width = 640, .height = 480, .pixelformat = V4L2_PIX_FMT_YUYV};
static unsigned queue[BUFFERS], queued, frames;

static char *beside(const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", DIRECTORY, name);
    return path;
}

static int is_in_mood(const char *wanted) {
    char mood[16] = "";
    FILE *file = fopen(beside("mood"), "r");
    if (file) {
        if (!fgets(mood, sizeof mood, file)) mood[0] = 0;
        fclose(file);
    }
    return strcmp(mood, wanted) == 0;
}

static void write_down(const char *what, unsigned id, int value) {
    FILE *file = fopen(beside("asked"), "a");
    if (!file) return;
    fprintf(file, "%s %x %d\n", what, id, value);
    fclose(file);
}

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, DIRECTORY "/video", sizeof DIRECTORY "/video" - 1) == 0;
}

/* As drivers do: takes what was asked for as near as the camera can. */
static void negotiate(struct v4l2_pix_format *asked) {
    int yuyv = is_in_mood("yuyv") || asked->pixelformat != V4L2_PIX_FMT_MJPEG;
    asked->width = asked->width <= 320 ? 320 : 640;
    asked->height = asked->width * 3 / 4;
    asked->pixelformat = yuyv ? V4L2_PIX_FMT_YUYV : V4L2_PIX_FMT_MJPEG;
    asked->bytesperline = yuyv ? asked->width * 2 : 0;
    asked->sizeimage = yuyv ? asked->width * asked->height * 2 : BUFFER_BYTES;
    asked->field = V4L2_FIELD_NONE;
    asked->colorspace = V4L2_COLORSPACE_JPEG;
}

static unsigned fill(int fd, unsigned index) {
    static char data[BUFFER_BYTES];
    size_t size = format.sizeimage;
    if (format.pixelformat == V4L2_PIX_FMT_YUYV) {
        memset(data, 0x80 + (int)(frames % 10), size);
    } else {
        char name[] = "frame0.jpg";
        name[5] += (char)(frames % 10);
        FILE *file = fopen(beside(name), "rb");
        size = file ? fread(data, 1, sizeof data, file) : 0;
        if (file) fclose(file);
    }
    return (unsigned)pwrite(fd, data, size, (off_t)index * BUFFER_BYTES);
}

static int dequeue(int fd, struct v4l2_buffer *buffer) {
    if (is_in_mood("hang")) for (;;) pause();
    if (is_in_mood("crash")) raise(SIGSEGV);
    if (is_in_mood("gone")) return errno = ENODEV, -1;
    if (!queued) return errno = EAGAIN, -1;
    usleep(PERIOD_MICROSECONDS);
    memset(buffer, 0, sizeof *buffer);
    buffer->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer->memory = V4L2_MEMORY_MMAP;
    buffer->index = queue[0];
    buffer->length = BUFFER_BYTES;
    buffer->bytesused = fill(fd, queue[0]);
    buffer->sequence = frames++;
    memmove(queue, queue + 1, --queued * sizeof *queue);
    return 0;
}

static int answer(int fd, unsigned long request, void *argument) {
    if (is_in_mood("gone")) return errno = ENODEV, -1;
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *what = argument;
        memset(what, 0, sizeof *what);
        strcpy((char *)what->driver, "fake");
        strcpy((char *)what->card, "Fake Webcam");
        what->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    }
    case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_G_FMT: ((struct v4l2_format *)argument)->fmt.pix = format; return 0;
    case VIDIOC_TRY_FMT: negotiate(&((struct v4l2_format *)argument)->fmt.pix); return 0;
    case VIDIOC_S_FMT:
        negotiate(&((struct v4l2_format *)argument)->fmt.pix);
        format = ((struct v4l2_format *)argument)->fmt.pix;
        write_down("format", format.pixelformat, (int)format.width);
        return 0;
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: return 0;
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wanted = argument;
        queued = 0;
        if (wanted->count > BUFFERS) wanted->count = BUFFERS;
        return ftruncate(fd, (off_t)BUFFERS * BUFFER_BYTES);
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *buffer = argument;
        buffer->length = BUFFER_BYTES;
        buffer->m.offset = buffer->index * BUFFER_BYTES;
        return 0;
    }
    case VIDIOC_QBUF: queue[queued++] = ((struct v4l2_buffer *)argument)->index; return 0;
    case VIDIOC_DQBUF: return dequeue(fd, argument);
    case VIDIOC_STREAMON: return 0;
    case VIDIOC_STREAMOFF: queued = 0; return 0;
    case VIDIOC_QUERYCTRL: {
        struct v4l2_queryctrl *control = argument;
        control->minimum = 0;
        control->maximum = 10000;
        control->step = 1;
        return control->id == V4L2_CID_FOCUS_ABSOLUTE && is_in_mood("fixed") ? (errno = EINVAL, -1) : 0;
    }
    case VIDIOC_S_CTRL: {
        struct v4l2_control *control = argument;
        write_down("control", control->id, control->value);
        return 0;
    }
    default: return errno = EINVAL, -1;
    }
}

int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (is_ours(fd)) return answer(fd, request, argument);
    return ((int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl"))(fd, request, argument);
}
