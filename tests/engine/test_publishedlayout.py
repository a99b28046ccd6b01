"""The published data layout and configuration, read as they are."""

import numpy as np
import pytest

from engine.errors import DocumentError, InputError
from engine.fit.recipes import load_recipe
from engine.publishedlayout import map_config, published_mask, read_config, read_layout


def make(root, *folders):
    for folder in folders:
        (root / folder).mkdir(parents=True)
        (root / folder / "00000.png").write_bytes(b"x")
    return root


def test_all_parts_are_found_and_masks_become_front_to_back(tmp_path):
    names = ["", "_masks_0", "_masks_1", "_masks_10", "_masks_2", "_flow", "_flow_confidence"]
    root = make(tmp_path / "beauty 1é", *(f"beauty 1é{name}" for name in names))
    make(root, "base_control")
    layout = read_layout(root)
    assert layout.name == "beauty 1é" and layout.frames == root / "beauty 1é"
    assert [mask.name[-2:] for mask in layout.masks] == ["10", "_2", "_1", "_0"]
    assert layout.flow == root / "beauty 1é_flow"
    assert layout.confidence == root / "beauty 1é_flow_confidence"
    assert [folder.name for folder in layout.edited] == ["base_control"]
    assert any("_masks_3" in note for note in layout.notes)


def test_a_single_mask_folder_counts_when_there_are_no_numbered_ones(tmp_path):
    root = make(tmp_path / "a", "a", "a_masks")
    assert [mask.name for mask in read_layout(root).masks] == ["a_masks"]
    make(root, "a_masks_0")
    layout = read_layout(root)
    assert [mask.name for mask in layout.masks] == ["a_masks_0"]
    assert "a_masks" in layout.notes[0]


def test_a_clip_alone_has_nothing_else(tmp_path):
    layout = read_layout(make(tmp_path / "a", "a"))
    assert (layout.masks, layout.flow, layout.confidence, layout.notes) == ((), None, None, ())


def test_missing_or_empty_frames_are_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        read_layout(tmp_path / "nowhere")
    root = make(tmp_path / "a", "b")
    with pytest.raises(InputError, match="no folder a with frames"):
        read_layout(root)
    (root / "a").mkdir()
    with pytest.raises(InputError, match="no folder a with frames"):
        read_layout(root)


def test_masks_belong_from_grey_five_on():
    grey = np.array([[0, 1, 4, 5, 6, 128, 255]], np.uint8)
    expected = [[0, 0, 0, 255, 255, 255, 255]]
    np.testing.assert_array_equal(published_mask(grey), expected)
    np.testing.assert_array_equal(published_mask(np.repeat(grey[..., None], 3, 2)), expected)


BASE = """
mask_dir: null
img_wh: [540, 540]
canonical_wh: [640, 640]
lr: 1e-3
bg_loss: 0.003
ref_idx: null
num_steps: 10000
decay_step: [2500, 5000, 7500]
annealed_begin_step: 4000
annealed_step: 2000
flow_loss: 1
self_bg: True
vid_hash: true
deform_hash: true
fps: 15
N_xyz_w: [8,]
shiny: 3
"""


def test_a_published_configuration_maps_to_numbers_that_the_recipe_knows(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    knobs, unknown, ignored = map_config(read_config(tmp_path / "base.yaml"))
    assert knobs == {
        "recipe": "paper",
        "steps": 10000,
        "numbers": {
            "rate": 1e-3,
            "background_loss": 0.003,
            "halved_at": [2500, 5000, 7500],
            "annealing_begin": 4000,
            "annealing_length": 2000,
            "flow_loss": 1.0,
        },
    }
    assert load_recipe("paper", knobs["numbers"])["annealing_length"] == 2000
    assert unknown == ["shiny"]
    assert {option for option, _ in ignored} == {
        "mask_dir",
        "img_wh",
        "canonical_wh",
        "fps",
        "N_xyz_w",
    }
    assert all(reason for _, reason in ignored)


def test_every_option_of_the_published_code_is_known():
    options = """
        root_dir canonical_dir mask_dir flow_dir img_wh canonical_wh ref_idx ref_step encode_w
        batch_size num_steps valid_iters valid_batches save_model_iters gpus test ckpt_path
        weight_path prefixes_to_ignore model_save_path log_save_path exp_name optimizer lr
        momentum weight_decay lr_scheduler decay_step decay_gamma warmup_multiplier
        warmup_epochs annealed annealed_begin_step annealed_step flow_loss flow_step bg_loss
        grad_loss self_bg sigmoid_offset save_deform save_video fps deform_D deform_W vid_D
        vid_W N_vocab_w N_w N_xyz_w vid_hash deform_hash config
    """
    _, unknown, _ = map_config(dict.fromkeys(options.split(), 1))
    assert unknown == []


def test_unusual_values_are_named_and_a_reference_is_taken_over():
    knobs, _, ignored = map_config(
        {"ref_idx": 7, "optimizer": "sgd", "vid_hash": False, "self_bg": False, "annealed": False}
    )
    assert knobs["reference_index"] == 7
    assert knobs["numbers"] == {"annealing_begin": 0, "annealing_length": 1}
    assert {option for option, _ in ignored} == {"optimizer", "vid_hash", "self_bg"}
    assert "reference_index" not in map_config({"ref_idx": -1})[0]


def test_another_recipe_takes_no_numbers_of_the_method():
    knobs, _, ignored = map_config({"lr": 0.1, "num_steps": 5, "decay_step": [1]}, "seeded")
    assert knobs == {"recipe": "seeded"}
    assert [option for option, _ in ignored] == ["lr", "num_steps", "decay_step"]


@pytest.mark.parametrize("text", ["a: [1", "- 1\n- 2", "just words", "a: !!python/name:os.system"])
def test_a_broken_configuration_is_a_document_error(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError):
        read_config(tmp_path / "c.yaml")


def test_values_of_the_wrong_kind_name_their_option(tmp_path):
    with pytest.raises(DocumentError, match="num_steps"):
        map_config({"num_steps": "many"})
    with pytest.raises(InputError):
        read_config(tmp_path / "gone.yaml")
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    assert read_config(tmp_path / "empty.yaml") == {}
