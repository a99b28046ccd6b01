"""From the options of the published code to the knobs of FitCoDeF."""

from collections.abc import Mapping
from typing import Any

from engine.errors import DocumentError

#: Options that are numbers of the ``paper`` recipe.
NUMBERS = {
    "annealed_begin_step": ("annealing_begin", int),
    "annealed_step": ("annealing_length", int),
    "flow_loss": ("flow_loss", float),
    "bg_loss": ("background_loss", float),
    "grad_loss": ("gradient_loss", float),
    "lr": ("rate", float),
}

#: Options that change nothing here, and why.
IGNORED = {
    "root_dir": "the clip is the path of the LoadSequence node",
    "canonical_dir": "load edited canonical pictures into the edit input of Propagate",
    "mask_dir": "the mask folders beside the clip become MaskGroup nodes",
    "flow_dir": "the flow folder beside the clip becomes the OpticalFlow node",
    "img_wh": "frames are fitted at their own size",
    "canonical_wh": "the canvas grows with what the clip shows",
    "ref_step": "the reference frame holds through the whole fit",
    "encode_w": "the per-frame code belongs to the variant without hash grids",
    "batch_size": "a step always takes one whole frame",
    "valid_iters": "the canonical picture is shown while fitting",
    "valid_batches": "the canonical picture is shown while fitting",
    "save_model_iters": "checkpoints are written by time, see checkpoint_seconds of the recipe",
    "gpus": "the knob device says where to compute",
    "test": "render the Propagate node instead",
    "ckpt_path": "checkpoints of the published code are not read here",
    "weight_path": "checkpoints of the published code are not read here",
    "prefixes_to_ignore": "checkpoints of the published code are not read here",
    "model_save_path": "a fit is kept beside the document",
    "log_save_path": "progress is reported by the program",
    "exp_name": "the document's name says it",
    "momentum": "the optimiser is Adam",
    "weight_decay": "there is no weight decay",
    "warmup_multiplier": "there is no warm-up",
    "warmup_epochs": "there is no warm-up",
    "sigmoid_offset": "it belongs to the variant without hash grids",
    "save_deform": "codef stmap writes the deformation",
    "save_video": "the WriteSequence node writes pictures or a movie",
    "fps": "the frame rate is that of the clip or of the WriteSequence node",
    "deform_D": "it belongs to the variant without hash grids",
    "deform_W": "it belongs to the variant without hash grids",
    "vid_D": "it belongs to the variant without hash grids",
    "vid_W": "it belongs to the variant without hash grids",
    "N_vocab_w": "it belongs to the variant without hash grids",
    "N_w": "it belongs to the variant without hash grids",
    "N_xyz_w": "it belongs to the variant without hash grids",
    "config": "the file was read",
}

#: Options whose usual value is what this program does; another value is named.
USUAL: dict[str, tuple[Any, str]] = {
    "optimizer": ("adam", "the optimiser is Adam"),
    "lr_scheduler": ("steplr", "the rate is halved at given steps"),
    "self_bg": (True, "outside a group the frame's own colour is learned"),
    "vid_hash": (True, "the canonical field is a hash grid"),
    "deform_hash": (True, "the deformation is a hash grid"),
}


def _number(option: str, value: Any, kind: type) -> Any:
    # YAML 1.1 reads 1e-3 as text, so text that is a number counts as one.
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
        if number != number or abs(number) == float("inf"):
            raise ValueError
    except (TypeError, ValueError):
        raise DocumentError(f"the option {option} must be a number, not {value!r}") from None
    return kind(number)


def _steps(option: str, value: Any) -> list[int]:
    if not isinstance(value, list | tuple):
        value = [value]
    return [_number(option, item, int) for item in value]


def map_config(
    options: Mapping[str, Any], recipe: str = "paper"
) -> tuple[dict[str, Any], list[str], list[tuple[str, str]]]:
    """Knobs of FitCoDeF for a published configuration.

    Args:
        options: Options by name, as ``read_config`` returns them.
        recipe: ``paper`` takes over the numbers of the method; with another recipe they have no
            meaning and are named as ignored.

    Returns:
        Knobs by name: ``recipe``, ``steps``, ``numbers``, and ``reference_index`` (position of the
        reference frame in the clip, counted from 0; to be turned into its frame number for the
        knob ``reference``); the options that nobody knows; and those without effect as (option,
        reason).

    Raises:
        DocumentError: A value of the wrong kind; names the option.
    """
    knobs: dict[str, Any] = {"recipe": recipe}
    numbers: dict[str, Any] = {}
    unknown: list[str] = []
    ignored: list[tuple[str, str]] = []
    faithful = recipe == "paper"
    method = f"it is a number of the paper recipe, not of {recipe}"
    for option, value in options.items():
        if option in NUMBERS:
            name, kind = NUMBERS[option]
            number = _number(option, 0 if value is None else value, kind)
            if faithful:
                numbers[name] = number
            else:
                ignored.append((option, method))
        elif option == "num_steps":
            steps = _number(option, value, int)
            if faithful:
                knobs["steps"] = steps
            else:
                ignored.append((option, method))
        elif option == "decay_step":
            numbers["halved_at"] = _steps(option, value)
            if not faithful:
                ignored.append((option, method))
        elif option == "decay_gamma":
            if _number(option, value, float) != 0.5:
                ignored.append((option, "the rate is halved at each of the steps"))
        elif option == "annealed":
            if value is False:
                knobs["_unannealed"] = True
        elif option == "ref_idx":
            index = None if value is None else _number(option, value, int)
            if index is not None and index >= 0:
                knobs["reference_index"] = index
        elif option == "flow_step":
            if value is not None and _number(option, value, int) > 0:
                ignored.append((option, "flow counts from the first step"))
        elif option in USUAL:
            usual, reason = USUAL[option]
            if value not in (usual, None):
                ignored.append((option, reason))
        elif option in IGNORED:
            ignored.append((option, IGNORED[option]))
        elif option.startswith("warmup_"):
            ignored.append((option, "there is no warm-up"))
        else:
            unknown.append(option)
    if knobs.pop("_unannealed", False):
        # Without annealing every level counts from the first steps on.
        numbers.update(annealing_begin=0, annealing_length=1)
    if faithful:
        knobs["numbers"] = numbers
    return knobs, unknown, ignored
