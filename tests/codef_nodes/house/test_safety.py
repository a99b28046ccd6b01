"""No pickle, no eval, no shell, no unguarded torch.load anywhere in the shipped code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted(
    path
    for top in ("engine", "codef_nodes", "gui", "presets", "benchmarks", "plugin.py")
    for path in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py"))
    if path.is_file()
)
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
SHELLS = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("os", "fork")}


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((k.value for k in call.keywords if k.arg == name), None)


def is_constant(value: ast.expr | None, wanted: object) -> bool:
    """Whether the expression is exactly this constant."""
    return isinstance(value, ast.Constant) and value.value is wanted


def wrong_call(call: ast.Call) -> str | None:
    """What is unsafe about a call, or None."""
    if isinstance(call.func, ast.Name) and call.func.id in FORBIDDEN_CALLS:
        return f"{call.func.id}()"
    shell = keyword(call, "shell")
    if shell is not None and not is_constant(shell, False):
        return "shell=True"
    if is_constant(keyword(call, "allow_pickle"), True):
        return "allow_pickle=True"
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        pair = (call.func.value.id, call.func.attr)
        if pair in SHELLS:
            return ".".join(pair)
        if pair == ("torch", "load") and not is_constant(keyword(call, "weights_only"), True):
            return "torch.load without weights_only=True"
        if pair == ("yaml", "load"):
            return "yaml.load (safe_load exists)"
        if pair == ("np", "load") and not is_constant(keyword(call, "allow_pickle"), False):
            return "np.load without allow_pickle=False"
    return None


def findings(source: str) -> list[str]:
    """Everything unsafe in a module, with line numbers."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and (wrong := wrong_call(node)):
            found.append(f"{node.lineno}: {wrong}")
        bad = {name.split(".")[0] for name in names} & FORBIDDEN_MODULES
        found += [f"{getattr(node, 'lineno', 0)}: import {name}" for name in sorted(bad)]
    return found


def test_the_shipped_code_is_free_of_unsafe_calls() -> None:
    assert len(SHIPPED) > 20
    wrong = [
        f"{path.relative_to(ROOT)}:{finding}"
        for path in SHIPPED
        for finding in findings(path.read_text("utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from marshal import loads",
        "eval('1')",
        "subprocess.run('ls', shell=True)",
        "subprocess.run('ls', shell=flag)",
        "os.system('ls')",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
    ],
)
def test_the_scan_sees_what_it_is_for(source: str) -> None:
    assert findings(source) != []


@pytest.mark.parametrize(
    "source", ["torch.load(path, weights_only=True)", "re.compile('a')", "yaml.safe_load(text)"]
)
def test_the_scan_lets_safe_calls_pass(source: str) -> None:
    assert findings(source) == []
