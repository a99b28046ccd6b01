"""Documents that were opened lately."""

from pathlib import Path

from gui.core.preferences import Preferences


class Recent:
    """The list that the File menu shows, newest first."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    @property
    def paths(self) -> list[Path]:
        """The documents, newest first."""
        kept = self._preferences.get("recent") or []
        most = int(self._preferences.get("recent_files"))
        return [Path(each) for each in kept if isinstance(each, str)][:most]

    def add(self, path: Path) -> None:
        """A document was opened or saved."""
        others = [other for other in self.paths if other != path]
        self._preferences.set("recent", [str(path), *map(str, others)])

    def remove(self, path: Path) -> None:
        """A document is gone."""
        self._preferences.set("recent", [str(other) for other in self.paths if other != path])

    def clear(self) -> None:
        """Forgets all."""
        self._preferences.set("recent", [])
