"""Two photos made into one, with the truth shared between them: what is half one thing is to be called half so.

Mixup (Zhang and others 2018, arXiv:1710.09412) lays one photo over another; CutMix (Yun and others 2019,
arXiv:1905.04899) puts a rectangle of one into another. Each photo meets its neighbour in the batch, and batches are
shuffled.
"""

from typing import Any

from trainer.training_settings import TrainingSettings


def mix(pixels: Any, truth: Any, *, seed: Any, settings: TrainingSettings) -> tuple[Any, Any]:
    """A batch, pixels float32 [N, S, S, 3] and truth float32 [N, labels], mixed as `settings` say; `seed` int64 [2].

    With both ways on, a coin decides for each batch.
    """
    import tensorflow as tf

    if settings.cutmix_alpha <= 0:
        return _mixup(pixels, truth, seed, settings)
    if settings.mixup_alpha <= 0:
        return _cutmix(pixels, truth, seed, settings)
    heads = tf.random.stateless_uniform((), _seed(seed, 0)) < 0.5
    mixed: tuple[Any, Any] = tf.cond(
        heads, lambda: _mixup(pixels, truth, seed, settings), lambda: _cutmix(pixels, truth, seed, settings)
    )
    return mixed


def _mixup(pixels: Any, truth: Any, seed: Any, settings: TrainingSettings) -> tuple[Any, Any]:
    import tensorflow as tf

    own = _own_shares(tf.shape(pixels)[0], settings.mixup_alpha, seed, settings)
    of_pixels = own[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return _blend(pixels, of_pixels), _blend(truth, own[:, tf.newaxis])


def _cutmix(pixels: Any, truth: Any, seed: Any, settings: TrainingSettings) -> tuple[Any, Any]:
    import tensorflow as tf

    count, size = tf.shape(pixels)[0], pixels.shape[1]
    side = tf.sqrt(1 - _own_shares(count, settings.cutmix_alpha, seed, settings)) * size
    middles = tf.random.stateless_uniform((2, count), _seed(seed, 3), maxval=float(size))
    along = tf.range(size, dtype=tf.float32)[tf.newaxis] + 0.5
    inside = [tf.abs(along - middle[:, tf.newaxis]) * 2 < side[:, tf.newaxis] for middle in tf.unstack(middles)]
    cut = tf.cast(inside[0][:, :, tf.newaxis] & inside[1][:, tf.newaxis], tf.float32)
    # The rectangle may reach over the edge, so the share is counted, not taken from what was drawn.
    own = 1 - tf.reduce_mean(cut, axis=(1, 2))
    return _blend(pixels, 1 - cut[..., tf.newaxis]), _blend(truth, own[:, tf.newaxis])


def _own_shares(count: Any, alpha: float, seed: Any, settings: TrainingSettings) -> Any:
    """For each photo the share of itself that stays, Beta(alpha, alpha); all of it where it is not mixed."""
    import tensorflow as tf

    one, other = (tf.random.stateless_gamma((count,), _seed(seed, salt), alpha) for salt in (1, 2))
    # Both can come out as zero for a small alpha.
    shares = tf.math.divide_no_nan(one, one + other)
    mixed = tf.random.stateless_uniform((count,), _seed(seed, 4)) < settings.mix_share
    return tf.where(mixed, shares, 1.0)


def _blend(values: Any, own: Any) -> Any:
    import tensorflow as tf

    return own * values + (1 - own) * tf.roll(values, 1, axis=0)


def _seed(seed: Any, salt: int) -> Any:
    import tensorflow as tf

    return seed + tf.constant([0, salt << 32], tf.int64)
