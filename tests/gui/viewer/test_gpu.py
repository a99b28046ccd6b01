"""Pictures shown by a shader, on whatever OpenGL the machine has without a window."""

import numpy as np
import pytest

from gui.viewer.display import Look, show, show_parallel
from gui.viewer.gpu.contexts import EglContext
from gui.viewer.gpu.display import GpuDisplay
from gui.viewer.gpu.service import GpuService, service
from gui.viewer.gpu.shader import shader_of
from gui.viewer.gpu.trouble import GpuError
from gui.viewer.views import View, default_view, transform

ACES = View("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)")
RAW = View("sRGB - Display", "Raw")


@pytest.fixture(scope="module")
def display():
    try:
        made = GpuDisplay(EglContext())
    except GpuError as error:
        pytest.skip(f"no OpenGL on this machine: {error}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def pixels():
    """From far below to far above what a screen shows, both signs, all alphas."""
    rng = np.random.default_rng(5)
    made = np.exp(rng.uniform(-10, 4, (61, 83, 4))).astype(np.float32)
    made[:8] *= -1
    made[..., 3] = rng.uniform(0, 1, made.shape[:2])
    return made


def apart(one, other):
    """Largest difference of any channel, in codes."""
    channels = [(codes >> s & 255).astype(int) for codes in (one, other) for s in (16, 8, 0)]
    return max(np.abs(a - b).max() for a, b in zip(channels[:3], channels[3:], strict=True))


@pytest.mark.parametrize("view", [default_view(), ACES, RAW], ids=lambda view: view.view)
@pytest.mark.parametrize("channels", ["rgb", "r", "g", "b", "a", "y", "m"])
def test_the_shader_gives_the_codes_of_the_tables(display, pixels, view, channels):
    for gain, gamma in ((1.0, 1.0), (1.7, 1.3)):
        look = Look(view, channels=channels, gain=gain, gamma=gamma)
        drawn = display.show(pixels, look, transform(look.working, view))
        assert apart(drawn, show(pixels, look)) <= 1
        assert (drawn >> 24 == 255).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_fewer_channels_are_grey_or_opaque(display, pixels, count):
    part = np.ascontiguousarray(pixels[..., :count])
    look = Look(default_view(), channels="m")
    drawn = display.show(part, look, transform(look.working, look.view))
    assert apart(drawn, show(part, look)) <= 1


def test_what_is_no_number_is_black_and_harms_nothing_else(display, pixels):
    spoilt = pixels.copy()
    spoilt[3, 4, :3] = np.nan
    look = Look(default_view())
    made = transform(look.working, look.view)
    drawn, clean = display.show(spoilt, look, made), display.show(pixels, look, made)
    assert drawn[3, 4] == 0xFF000000
    drawn[3, 4] = clean[3, 4]
    assert np.array_equal(drawn, clean)


def test_a_shader_that_the_driver_refuses_is_told(display, monkeypatch, pixels):
    import gui.viewer.gpu.display as module

    broken = shader_of(None)
    monkeypatch.setattr(module, "shader_of", lambda _: type(broken)("#version 330\nnonsense", ()))
    look = Look(RAW)
    with pytest.raises(GpuError, match="refuses the shader"):
        display.show(pixels, look, type(transform(look.working, RAW))(None, None, True))


def test_a_driver_in_software_is_left_alone_unless_it_is_wanted(application, pixels):
    own = GpuService()
    own.start("off")
    assert "preferences" in own.reason and own.show(pixels, Look(RAW), None) is None
    try:
        own.start("auto").result(30)
        assert own.reason.startswith("by ")
        by_hand = own.reason.startswith("by the processor: ")
        assert by_hand == (
            own.show(pixels, Look(RAW), transform("Linear Rec.709 (sRGB)", RAW)) is None
        )
    finally:
        own.stop()


def test_the_viewer_draws_through_the_service_and_without_it(display, application, pixels):
    from concurrent.futures import ThreadPoolExecutor

    look, asked = Look(default_view()), []
    plain = show(pixels, look)
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(show_parallel(pixels, look, pool), plain)
        try:
            service.start("always").result(30)
            real = service._display.show
            service._display.show = lambda *args: (asked.append(1), real(*args))[1]
            assert apart(show_parallel(pixels, look, pool), plain) <= 1
            assert asked
            # Stripes over clipped pixels are drawn by the processor.
            warned = Look(default_view(), warn=True)
            assert np.array_equal(show_parallel(pixels, warned, pool), show(pixels, warned))
            # What fails once is not tried again.
            service._display.show = lambda *_: (_ for _ in ()).throw(GpuError("it broke"))
            assert np.array_equal(show_parallel(pixels, look, pool), plain)
            assert "it broke" in service.reason and service._display is None
        finally:
            service.stop()
