from hypothesis import HealthCheck, settings

from kiosk.camera.picture_limit import limit_pictures

# Before anything loads OpenCV: the tests unpack pictures as the kiosk does.
limit_pictures()

# How long an example takes tells of the machine, which others may use too, and of nothing that is claimed here.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
