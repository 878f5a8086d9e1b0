"""ARCHITECTURE.md's table of rooms is held against the imports in the source."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "mutau"
ONLY_IMPORTER = {
    "pymc": "sampling",
    "nutpie": "sampling",
    "pytensor": "sampling",
    "typer": "cli",
    "numba": "numerics",
}
TYPING_ONLY = {"pymc": {"fitting"}}  # `pymc_model` names its return type


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[tuple[str, bool]]:
    """Every absolute module name a file imports, and whether only a type checker does."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in typing_only) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names = [f"mutau.{alias.name}" for alias in node.names] if module == "mutau" else [module]
            found += [(name, id(node) in typing_only) for name in names]
    return found


def real_rooms() -> dict[str, set[str]]:
    rooms: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        room = room_of(path)
        uses = rooms.setdefault(room, set())
        if room != "__init__":  # the front door names every room, lazily
            uses |= {name.split(".")[1] for name, _ in imported(path) if name.startswith("mutau.")} - {room}
            uses.discard("__version__")
    return rooms


def documented_rooms() -> dict[str, set[str]]:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]*) \|$", text, flags=re.MULTILINE)
    return {room: set(re.findall(r"`(\w+)`", uses)) for room, uses in rows}


def test_the_table_of_rooms_is_true():
    real = {room: uses for room, uses in real_rooms().items() if room != "__init__"}
    assert documented_rooms() == real


def test_imports_run_downwards_only():
    seen: set[str] = set()
    for room, uses in documented_rooms().items():
        assert uses <= seen, f"{room} imports {uses - seen}, which stand above it"
        seen.add(room)


def test_only_what_is_shown_asks_the_front_door():
    asking = {
        room_of(path)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) == "mutau"
        and not node.attr.startswith("__")
    }
    assert asking == {"shown"}


def test_engines_do_not_import_each_other():
    engines = {"classic", "sampling", "exact"}
    for engine, uses in real_rooms().items():
        if engine in engines:
            assert not uses & (engines - {engine})


def test_each_heavy_library_has_one_importer():
    for path in SOURCE.rglob("*.py"):
        for name, typing_only in imported(path):
            library = name.split(".")[0]
            allowed = ONLY_IMPORTER.get(library)
            if allowed and not (typing_only and room_of(path) in TYPING_ONLY.get(library, set())):
                assert room_of(path) == allowed, f"{path.name} imports {library}"


def test_no_module_bears_a_public_name():
    import mutau

    modules = {path.stem for path in SOURCE.glob("*.py")} | {
        path.name for path in SOURCE.iterdir() if path.is_dir()
    }
    assert modules & set(mutau.__all__) == {
        "errors",
        "exact",
        "extraction",
        "priors",
    }  # which are public as modules


def test_files_stay_short():
    long = {path.name: n for path in SOURCE.rglob("*.py") if (n := len(path.read_text().splitlines())) > 450}
    assert not long
