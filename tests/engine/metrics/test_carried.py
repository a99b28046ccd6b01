"""Points and masks that a field carries."""

import numpy as np

from engine.metrics.carried import CarriedMask, carried_points
from engine.metrics.segmentation import region
from tests.engine.warp.analytic import two_layers


def test_points_go_with_their_layer_and_are_hidden_behind_the_front_one():
    field = two_layers()
    # On the square (7 a frame to the right), and right of it on the ground (2 to the left).
    found = carried_points(field, np.array([0, 0]), np.array([[30.5, 30.5], [44.5, 30.5]]))
    assert np.allclose(found.points[0], [(30.5, 30.5), (37.5, 30.5), (44.5, 30.5)], atol=1e-3)
    assert np.allclose(found.points[1], [(44.5, 30.5), (42.5, 30.5), (40.5, 30.5)], atol=1e-3)
    assert found.visible.tolist() == [[True, True, True], [True, False, False]]


def test_a_mask_is_carried_by_the_deformation_alone():
    field = two_layers()
    carried = CarriedMask(field, 0, 0)
    # The masks of the other frames are gone: the carried one stays.
    truth = [field.coverage(t)[0] > 0.5 for t in range(3)]
    field.masks.streams[0][1:] = [field.masks.pack(np.zeros((64, 96), np.uint8))] * 2
    for t in range(3):
        assert region(truth[t], carried.at(t)) == 1
