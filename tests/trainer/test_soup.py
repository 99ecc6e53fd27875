"""What is kept of several runs, and how far it is taken back towards where they began."""

import numpy as np

from trainer.training.soup import Ingredient, Soup, make_soup, taken_back, what_is_in


def _ingredient(epoch: int, val_loss: float, value: float) -> Ingredient:
    return Ingredient(epoch, val_loss, [np.full((2,), value, np.float32)])


def test_a_soup_takes_in_each_run_that_does_no_harm() -> None:
    runs = [_ingredient(5, 1.0, 3.0), _ingredient(9, 0.9, 1.0), _ingredient(14, 1.1, 50.0)]
    # The loss is the distance to 2, where the mean of the first two lies.
    soup = make_soup(runs, lambda weights: abs(float(weights[0][0]) - 2.0))
    assert (soup.epochs, soup.val_loss) == ((9, 5), 0.0)
    assert soup.weights[0].tolist() == [2.0, 2.0]


def test_it_is_taken_back_towards_the_beginning_as_far_as_that_helps() -> None:
    soup = make_soup([_ingredient(5, 1.0, 10.0)], lambda weights: 1.0)
    start = [np.zeros(2, np.float32)]

    def best_at(value: float) -> Soup:
        return taken_back(soup, start, 0.3, lambda weights: abs(float(weights[0][0]) - value) / 2)

    assert [best_at(value).of_start for value in (9.0, 8.2, 7.0, 1.0)] == [0.1, 0.2, 0.3, 0.0]
    kept = best_at(8.0)
    assert (kept.weights[0].tolist(), str(kept.weights[0].dtype), kept.val_loss) == ([8.0, 8.0], "float32", 0.0)
    assert taken_back(soup, start, 0.0, lambda weights: 0.0) == soup
    assert taken_back(soup, start, 0.25, lambda weights: float(weights[0][0]) / 100).of_start == 0.2, "and no more"
    assert what_is_in(soup, kept, [_ingredient(5, 1.0, 10.0)]) == [
        "20 % of the weights that they began with are put in: val loss 0.000, without them 1.000"
    ]


def test_a_soup_that_would_be_worse_than_its_best_run_is_that_run() -> None:
    soup = make_soup([_ingredient(5, 1.0, 3.0), _ingredient(9, 0.9, 1.0)], lambda weights: 4.0)
    assert (soup.epochs, soup.val_loss, soup.weights[0].tolist()) == ((9,), 0.9, [1.0, 1.0])
