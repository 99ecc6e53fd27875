from kiosk.camera.picture_limit import limit_pictures

# Before anything loads OpenCV: the tests unpack pictures as the kiosk does.
limit_pictures()
