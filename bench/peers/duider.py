"""What the peers are compared with: the library, text to JSON, one thread."""
from __future__ import annotations

import sys
from pathlib import Path

from peer import arguments, serve

sys.path.insert(0, str(Path(__file__).parents[1]))
from library import Library, Session  # noqa: E402


def main() -> None:
    args = arguments()
    library = Library(args.build, args.model)
    serve("duider", f"duider {library.version}, one thread, text to JSON", Session(library).annotate, str.encode)


if __name__ == "__main__":
    main()
