"""The page of a film, played by a headless Chromium; and the command that writes it."""

import io
import json
import os
import shutil
import sys
import webbrowser

import numpy as np
import pytest

from funcgrad import __main__ as command
from funcgrad import grad, tree
from funcgrad.examples.neuron import THREE, three_inputs
from funcgrad.show import film
from funcgrad.show.wording import slope
from tests.browser import Browser, executable
from tests.unit.test_film import HOSTILE, NETWORK, fan, network, scalars

FILMS = {
    "neuron": film(),
    "fan": film(fan)(2.0, 3.0),
    "network": film(network)(*NETWORK),
    "scalars": film(scalars)([0.5, -0.3, 0.8], [1.0, 2.0]),
    "hostile": film(lambda p: sum(v * v for v in p.values()))(dict.fromkeys(HOSTILE, 2.0)),
}
every_film = pytest.mark.parametrize("name", FILMS)

#: What each frame shows: of every box its texts; the words below; and how many boxes lie beneath what moves.
SHOWN = """frames.map((_, k) => {
  show(k);
  const texts = boxes.map(({ texts }) => texts.map((text) => text.textContent));
  const pills = [...document.querySelectorAll(".pill:not(.early) rect")].map((one) => one.getBoundingClientRect());
  const covered = [...document.querySelectorAll(".node .box")].filter((one) => {
    const box = one.getBoundingClientRect();
    return pills.some((pill) => pill.width && pill.left < box.right && pill.right > box.left
      && pill.top < box.bottom && pill.bottom > box.top);
  });
  return [texts, $("title").textContent, [...$("lines").children].map((one) => one.textContent), covered.length];
})"""
#: Where the first thing that moves is, and what is written on it.
PLACE = "document.querySelector('.pill').getAttribute('transform').match(/[-\\d.]+/g).map(Number)"
TEXTS = """[...document.querySelectorAll('.pill text')]
  .filter((one) => getComputedStyle(one.parentNode).display !== 'none').map((one) => one.textContent)"""
#: Whether one element is within another, or ends above it.
WITHIN = """(inner, outer) => {
  const [a, b] = [inner, outer].map((one) => one.getBoundingClientRect());
  return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
}"""
ABOVE = "(one, other) => one.getBoundingClientRect().bottom <= other.getBoundingClientRect().top"
FRAME = "document.querySelector('iframe')"
#: The box that the frame is about.
HERE = "boxes[frames[now.frame].sums[0]?.[0] ?? frames[now.frame].node].box"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for name, one in FILMS.items():
        one.save(folder / f"{name}.html")
    return folder


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if os.name != "posix" or executable() is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    profile = tmp_path_factory.mktemp("profile")
    one = Browser(profile)
    yield one
    one.close()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def opened(chromium, pages):
    """Opens a film at a frame; ordinary preferences, and motion."""

    def opening(name, address="", **preferences):
        chromium.resize(1280, 800)
        chromium.prefer(prefers_color_scheme="light", prefers_reduced_motion="no-preference", **preferences)
        chromium.open(f"{(pages / name).as_uri()}.html{address}")
        return chromium

    return opening


def at(browser):
    return browser.run("now.frame")


def complaints(browser):
    """What the page did wrong, and what it asked of the network."""
    browser.run("0")
    kinds = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
    asked = [one["params"]["request"]["url"] for one in browser.events if one["method"] == "Network.requestWillBeSent"]
    wrong = [one["params"] for one in browser.events if one["method"] in kinds]
    return wrong, [url for url in asked if not url.startswith(("file:", "about:"))]


def unbarred(text):
    return text.replace("\ue000", "").replace("\ue001", "")


@every_film
def test_every_frame_shows_what_it_says(opened, name):
    one, known, sums = FILMS[name], set(), {}
    shown = opened(name).run(SHOWN)
    assert len(shown) == len(one.frames)
    for frame, (texts, title, lines, covered) in zip(one.frames, shown, strict=True):
        known |= {*frame.values}
        sums |= {each.card: each.text for each in frame.sums}
        for card, (label, value, gradient) in zip(one.cards, texts, strict=True):
            assert label[:20] == card.label[:20]
            assert value == (card.value if card.key in known else "")
            assert gradient == sums.get(card.key, "")
        assert title == unbarred(frame.title)
        assert covered == 0
        assert [line.replace("\xa0", " ") for line in lines[1::2]] == [unbarred(line) for _, line in frame.lines]


def test_the_last_frame_shows_the_gradient(opened):
    slopes = [slope(one) for one in tree.leaves(grad(network, (0, 1))(*NETWORK))]
    browser = opened("network", "#frame=1000")
    assert browser.run("boxes.slice(0, 5).map(({ texts }) => texts[2].textContent)") == slopes
    assert (
        browser.run("[...document.querySelectorAll('#values tr')].slice(0, 5).map((row) => row.cells[3].textContent)")
        == slopes
    )


@every_film
def test_no_page_asks_the_network_or_breaks_its_own_rules(opened, name):
    browser = opened(name, "#frame=3")
    assert complaints(browser) == ([], [])


def test_names_are_shown_as_text(opened):
    browser = opened("hostile", "#frame=1000")
    assert browser.run("window.hacked") is None
    assert browser.run("document.images.length") == 0
    assert browser.run("document.scripts.length") == 2
    assert browser.run("nodes[1].title") in browser.run("document.querySelector('#values').textContent")


def test_the_fragment_names_the_frame(opened):
    browser = opened("fan", "#frame=12&theme=dark")
    assert (at(browser), browser.run("document.body.dataset.frame")) == (12, "12")
    assert browser.run("document.documentElement.dataset.theme") == "dark"
    browser.run("location.hash = '#frame=7'")
    browser.until("now.frame === 7")
    for wrong, frame in (("-5", 0), ("999", 20), ("x", 0), ("3.6", 4)):
        browser.run(f"location.hash = '#frame={wrong}'")
        browser.until(f"now.frame === {frame}")


def test_keys(opened):
    browser = opened("fan")
    frames = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft"):
        browser.press(key)
        frames.append(at(browser))
    assert frames == [1, 2, 1, 20, 20, 0, 0]
    speeds = []
    for key in "+++++---------":
        browser.press(key)
        speeds.append(browser.run("$('speed').textContent"))
    assert speeds == [
        "2×",
        "4×",
        "8×",
        "8×",
        "8×",
        "4×",
        "2×",
        "1×",
        "0.5×",
        "0.25×",
        "0.25×",
        "0.25×",
        "0.25×",
        "0.25×",
    ]
    browser.press("d")
    assert browser.run("document.documentElement.dataset.theme") == "dark"


def test_it_plays_to_the_end_and_begins_anew(opened):
    browser = opened("neuron", "#frame=18")
    for _ in range(3):
        browser.press("+")
    browser.press(" ")
    assert browser.run("[$('play').ariaLabel, $('caption').ariaLive]") == ["pause", "off"]
    browser.until("now.frame === last && !now.playing")
    assert browser.run("[$('play').ariaLabel, $('caption').ariaLive]") == ["play", "polite"]
    browser.press(" ")
    browser.until("now.playing && now.frame > 0 && now.frame < 6")
    browser.press(" ")
    frame = at(browser)
    browser.run("new Promise((done) => setTimeout(done, 300))")
    assert (at(browser), browser.run("now.playing")) == (frame, False)


def test_a_cotangent_moves_along_its_edge_and_becomes_the_product(opened):
    browser = opened("fan", "#frame=10")
    browser.press("-")
    browser.press("ArrowRight")  # x̄ += v̄2 · ∂v2/∂x
    browser.run("now.moving = false")  # the test moves it
    seen = f"[{PLACE}, {TEXTS}]"
    places, texts = zip(*[browser.run(f"(placed({t}), {seen})") for t in (0, 0.2, 0.44, 0.46, 1)], strict=True)
    xs = [x for x, _ in places]
    assert xs == sorted(xs, reverse=True)
    target, source = (browser.run(f"nodes[{i}]") for i in (0, 6))
    assert target["x"] + target["width"] < xs[-1] < xs[0] < source["x"] + 1
    assert list(texts) == [["1"]] * 3 + [["× 0.3333", "0.3333"]] * 2


def test_a_sum_changes_when_its_share_arrives(opened):
    browser = opened("fan", "#frame=10")
    browser.press("-")
    browser.press("ArrowRight")
    assert browser.run("[now.moving, boxes[0].texts[2].textContent]") == [True, ""]
    browser.run("now.speed = 5")
    browser.until("!now.moving")
    assert browser.run("boxes[0].texts[2].textContent") == "0.3333"
    assert browser.run("boxes[0].pips.map((one) => one.classList.contains('full'))") == [True, False, False]
    assert browser.run("boxes[0].box.classList.contains('partial')") is True
    browser.press("End")
    assert browser.run("boxes[0].box.classList.contains('partial')") is False


def test_who_wants_calm_gets_it(opened):
    browser = opened("fan", "#frame=10")
    browser.prefer(prefers_reduced_motion="reduce")
    browser.press("ArrowRight")
    assert browser.run("[now.moving, boxes[0].texts[2].textContent]") == [False, "0.3333"]
    assert browser.run("getComputedStyle(document.querySelector('.wire.active')).animationName") == "none"


def test_the_scrub_bar(opened):
    browser = opened("fan")
    assert browser.run("[$('scrub').min, $('scrub').max]") == ["0", "20"]
    browser.run("$('scrub').value = 13; $('scrub').dispatchEvent(new Event('input'))")
    assert at(browser) == 13
    assert browser.run("$('scrub').getAttribute('aria-valuetext')") == "backward 6 of 12: c bar += v1 bar · ∂v1/∂c"
    x, y, width = browser.run(
        "(({ x, y, width, height }) => [x, y + height / 2, width])($('scrub').getBoundingClientRect())"
    )
    browser.point(x + width / 2, y, click=True)
    assert at(browser) == 10
    browser.press("ArrowRight")  # the bar has the focus: one step, not two
    assert at(browser) == 11


def centre(browser, element):
    return browser.run(
        f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({element}.getBoundingClientRect())"
    )


def test_buttons(opened):
    browser = opened("fan")
    for button, frame in (("last", 20), ("back", 19), ("first", 0), ("step", 1)):
        browser.point(*centre(browser, f"$('{button}')"), click=True)
        assert at(browser) == frame
    browser.press(" ")  # a click leaves the space bar to the film
    assert browser.run("now.playing") is True
    browser.point(*centre(browser, "$('play')"), click=True)
    assert browser.run("now.playing") is False
    browser.run("$('step').focus()")
    frame = at(browser)
    browser.press("Enter")  # a button that was reached by keys is pressed by them
    assert at(browser) == frame + 1
    assert (
        browser.run("[...document.querySelectorAll('button')].every((one) => one.ariaLabel || one.textContent)") is True
    )


def test_details_of_a_box_on_request(opened):
    browser = opened("fan", "#frame=17")
    browser.point(*centre(browser, "boxes[0].box"))
    assert browser.run("$('tip').hidden") is False
    assert browser.run("[...$('tip').children].map((one) => one.textContent)") == [
        "x",
        "value 2.0",
        "gradient -2.164 after 2 of 3",
        "v2 · ∂v2/∂x = 1 × 0.3333 = 0.3333",
        "b · ∂b/∂x = 6 × (-0.4161) = -2.497",
    ]
    assert browser.run(f"({WITHIN})($('tip'), document.documentElement)") is True
    browser.press("Escape")
    assert browser.run("$('tip').hidden") is True
    browser.run("boxes[3].box.focus()")
    assert browser.run("$('tip').firstChild.textContent") == "b = sin(x)"
    assert browser.run("boxes[0].box.getAttribute('aria-label')") == "x, value 2, gradient -2.164 so far"
    browser.point(*centre(browser, "boxes[2].box"), click=True)
    assert at(browser) == 15  # the last share of ā


def test_light_and_dark(opened):
    browser = opened("fan")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = browser.run(paper)
    browser.prefer(prefers_color_scheme="dark")
    dark = browser.run(paper)
    assert sum(json.loads(f"[{light[4:-1]}]")) > 600 > 150 > sum(json.loads(f"[{dark[4:-1]}]"))
    browser.run("$('theme').click()")
    assert browser.run(paper) == light
    browser.prefer(prefers_color_scheme="light")
    browser.run("$('theme').click()")
    assert browser.run(paper) == dark


def test_a_graph_wider_than_the_page_is_scrolled_to_where_something_happens(opened):
    browser = opened("scalars")
    assert browser.run("$('fit').hidden") is False
    assert browser.run("$('stage').scrollWidth > 2 * $('stage').clientWidth") is True
    browser.prefer(prefers_reduced_motion="reduce")
    seen = f"({WITHIN})({HERE}, $('stage'))"
    assert [browser.run(f"(show({k}), {seen})") for k in (3, 12, 28, 31, 45, 75)] == [True] * 6
    browser.press("f")
    assert browser.run("$('stage').scrollWidth <= $('stage').clientWidth") is True
    assert browser.run("$('fit').getAttribute('aria-pressed')") == "true"


def test_a_page_opens_where_something_happens_at_once(opened):
    browser = opened("scalars", "#frame=31")
    assert browser.run(f"({WITHIN})({HERE}, $('stage'))") is True


@pytest.mark.parametrize("size", [(390, 780), (900, 700), (1920, 1080)], ids=str)
def test_pages_of_every_size_hold_their_parts(opened, size):
    browser = opened("fan", "#frame=12")
    browser.resize(*size)
    browser.until(f"innerWidth === {size[0]}")
    assert browser.run("document.documentElement.scrollWidth <= innerWidth") is True
    assert browser.run("['stage', 'caption'].every((id) => $(id).getBoundingClientRect().right <= innerWidth)") is True
    for upper, lower in (("$('stage')", "$('caption')"), ("$('caption')", "document.querySelector('nav')")):
        assert browser.run(f"({ABOVE})({upper}, {lower})") is True


def test_on_paper_stand_the_end_and_every_step(opened):
    browser = opened("fan", "#frame=5")
    browser.run("addEventListener('beforeprint', () => { window.printed = [now.frame, $('all').open]; })")
    assert browser.paper().startswith(b"%PDF")
    assert browser.run("window.printed") == [20, True]
    assert (at(browser), browser.run("$('all').open")) == (5, False)
    assert browser.run("$('steps').children.length") == 21


def test_a_notebook_plays_it(opened, pages):
    (pages / "notebook.html").write_text(f"<!doctype html>{FILMS['fan']._repr_html_()}", encoding="utf-8")
    browser = opened("notebook")
    left, bottom = browser.run(f"(({{ left, bottom }}) => [left, bottom])({FRAME}.getBoundingClientRect())")
    before = browser.picture()
    browser.point(left + 220, bottom - 29, click=True)  # to the end: the page within is closed to all others
    for _ in range(50):
        if browser.picture() != before:
            break
        browser.run("new Promise((done) => setTimeout(done, 50))")
    assert browser.picture() != before
    assert complaints(browser) == ([], [])


# The command


def said(*words):
    out = io.StringIO()
    return command.main(["film", *words], out), out.getvalue()


def test_the_command_writes_the_neuron(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said() == (0, "film.html\n")
    assert (tmp_path / "film.html").read_text(encoding="utf-8") == film().html
    assert said("-o", "other.html", "--most", "50") == (0, "other.html\n")


def test_the_command_films_a_function(tmp_path, monkeypatch):
    (tmp_path / "mymodel.py").write_text("def loss(w, x):\n    return ((w * x) ** 2).sum()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    shown = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    assert said("mymodel:loss", "[1.0, 2.0]", "-3", "-o", "loss.html", "--open") == (0, "loss.html\n")
    sys.modules.pop("mymodel")
    assert "<title>loss: a film" in (tmp_path / "loss.html").read_text(encoding="utf-8")
    assert shown == [(tmp_path / "loss.html").as_uri()]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("funcgrad.examples.neuron:three_inputs", "1.0"), "missing a required argument: 'I1'"),
        (("funcgrad.examples.neuron:nothing",), "has no 'nothing'"),
        (("--most", "2"), "film was given most=2"),
        (("-o", "film.svg"), "A film was to be saved as a file that ends with .svg"),
        (("-o", "no/such/folder/film.html"), "No such file"),
    ],
)
def test_what_is_wrong_with_a_command(words, what, capsys):
    with pytest.raises(SystemExit) as ended:
        said(*words)
    assert ended.value.code == 2
    assert what in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as ended:
        said("--help")
    assert ended.value.code == 0
    assert f"film funcgrad.examples.neuron:three_inputs {' '.join(map(str, THREE.values()))}" in capsys.readouterr().out
    assert three_inputs(*THREE.values()) == 5.0
    assert np.isclose(grad(three_inputs)(*THREE.values()), THREE["I1"])
