"""One way to recognise a clip, run by the Python of its own environment. See `bench.peers`.

    peer_worker.py WAY MODEL LABELS PICTURES

Imports nothing but the library that it measures. Once it is ready it prints its figures as a line of JSON for each line
on standard input that says how many pictures to go through, and ends with standard input.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

Classify = Callable[[Path], object]


def mediapipe(model: Path, _: Path) -> Classify:
    """MediaPipe Tasks' ImageClassifier, pictures unpacked by the OpenCV that comes with it."""
    import cv2
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    # Loaded by us: by itself it looks for relative paths in its own directory.
    options = vision.ImageClassifierOptions(BaseOptions(model_asset_buffer=model.read_bytes()), max_results=1)
    classifier = vision.ImageClassifier.create_from_options(options)

    def classify(picture: Path) -> object:
        rgb = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
        return classifier.classify(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb))

    return classify


def tflite_support(model: Path, _: Path) -> Classify:
    """tflite-support's ImageClassifier, pictures unpacked by itself."""
    from tflite_support.task import core, processor, vision

    options = vision.ImageClassifierOptions(
        core.BaseOptions(file_name=str(model), num_threads=1), processor.ClassificationOptions(max_results=1)
    )
    classifier = vision.ImageClassifier.create_from_options(options)
    return lambda picture: classifier.classify(vision.TensorImage.create_from_file(str(picture)))


def teachable_machine_lite(model: Path, labels: Path) -> Classify:
    """teachable-machine-lite, which takes pictures by their path."""
    from teachable_machine_lite import TeachableMachineLite

    classifier = TeachableMachineLite(model_path=str(model), labels_file_path=str(labels))
    return lambda picture: classifier.classify_image(str(picture))


def plain(model: Path, _: Path) -> Classify:
    """OpenCV and the interpreter, as examples write it."""
    import cv2
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    size = tuple(taken["shape"][1:3])

    def classify(picture: Path) -> object:
        bgr: Any = cv2.imread(str(picture))
        rgb: Any = cv2.cvtColor(cv2.resize(bgr, size), cv2.COLOR_BGR2RGB)
        interpreter.set_tensor(taken["index"], rgb[None])
        interpreter.invoke()
        return interpreter.get_tensor(given["index"]).argmax()

    return classify


WAYS = {way.__name__: way for way in (mediapipe, tflite_support, teachable_machine_lite, plain)}


def rounds(classify: Classify, pictures: list[Path]) -> Iterator[dict[str, object]]:
    """The figures of each round that is asked for."""
    endless = cycle(pictures)
    for line in sys.stdin:
        count, before, times = int(line), time.process_time(), []
        for _ in range(count):
            picture, started = next(endless), time.perf_counter()
            classify(picture)
            times.append(time.perf_counter() - started)
        yield {"seconds": times, "cpu_seconds": (time.process_time() - before) / count}


def main() -> None:
    """See the module."""
    way, model, labels, directory = sys.argv[1], *map(Path, sys.argv[2:])
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print to it
    pictures = sorted(directory.iterdir())
    classify = WAYS[way](model, labels)
    classify(pictures[0])
    print("ready", file=answers, flush=True)
    for figures in rounds(classify, pictures):
        print(json.dumps(figures), file=answers, flush=True)


if __name__ == "__main__":
    main()
