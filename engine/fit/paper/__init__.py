"""The ``paper`` recipe: CoDeF as published (Ouyang et al., CVPR 2024), our baseline for ever.

One canonical field C (2D hash grid, small network) and one deformation field D (3D hash grid over
row, column and time, deep network) per group, trained by Adam on one whole frame per step. All
numbers are in ``presets/recipes/paper.toml``.

The losses of a step, summed over groups:

* colour: mean squared error over the pixels inside the group;
* gradient: mean absolute difference of the 3 x 3 Sobel derivatives (weights 1 2 1, not normalised,
  zeros outside the frame) of luma (0.299, 0.587, 0.114), over the group's pixels and both axes;
* flow: mean absolute difference, over both axes and the group's confident pixels, of the canonical
  coordinates of x at t and of x + F at t + 1. Eq. 7 of the paper writes it with displacements and
  subtracts the flow; in coordinates the flow cancels, and the two forms are equal. Both sides are
  trained, none is held still;
* background: mean squared error over all pixels outside the group, towards the frame's own colour.

Nothing else is published as fixed; the reductions (means over axes and channels) are ours where
the paper is silent.

Departures from the public code, each on purpose:

* a pixel is its centre, ((i + 0.5) / H, (j + 0.5) / W), not its corner (i / H, j / W), so that
  edits are not sampled half a pixel off and blurred;
* flow is normalised by the side that it runs along (there: by the other side, wrong by the aspect
  ratio) and belongs to the frame's own pixels (there: resized with its padding);
* every pair of neighbouring frames has flow (there: not the last two frames);
* colours are codes / 255, or the encoded value of a finer source (there: codes / 256);
* the annealing weights of the last step are kept with the field (there: drawing switches all levels
  on, also when the run stopped before they came in);
* pixels that are not finite, and their neighbours' gradients, are left out;
* float32 throughout (there: half precision in the networks);
* confidence is the forward-backward test of eq. 6 (there: a colour test), on the flow that the
  request brings; both keep a pixel or drop it;
* the reference-frame loss, without effect in the published configuration, is absent.

Either field can be encoded by sines and cosines instead (``canonical_encoding``,
``deformation_encoding``: the paper's section 4.3). The deformation then has a learned code for
each frame in place of the time, in a table as long as the clip (there: 200 rows, overrun by longer
clips); its output is the displacement itself, and the canonical network is asked at the coordinate
itself.

Kept although weak: the isotropic space-time grid, the fixed canvas of 0.3 on each side, hard group
masks in training.
"""

from engine.fit.paper.clip import ClipData, Draft, PaperFit
from engine.fit.request import FitRequest
from engine.progress import Task

__all__ = ["ClipData", "PaperFit", "fit_paper"]


def fit_paper(
    request: FitRequest,
    plates: ClipData,
    task: Task,
    *,
    reserve: float | None = None,
    draft: Draft | None = None,
) -> PaperFit:
    """Fits a clip as published; see the package's docstring.

    Cancel is answered between tiles, a fraction of a second each. With a checkpoint folder the
    state is written at least once a minute and at the end; ``checkpoint.clear`` removes it.

    Args:
        request: Options, budget, checkpoint. Its ``picture``, ``groups`` and ``flow`` are not
            read: ``plates`` has them.
        plates: The clip.
        task: Progress (step, dB, time left) and cancel.
        reserve: Seconds of the budget to keep for what follows; None estimates the drawing of
            all frames from the time of a step.
        draft: Is offered what was reached each time that it is measured; it may pass.

    Raises:
        UsageError: An override or a checkpoint that does not fit.
        DeviceError: No such device.
        Cancelled: The person stopped the fit.
    """
    from engine.kernels import threads

    threads.prepare()  # before torch loads its own pool of threads
    from engine.fit.paper.train import train  # torch and numba: not before they are needed

    return train(request, plates, task, reserve, draft)
