"""Files of the product by pattern, for tests that read its source. A pattern that matches nothing is an error."""

from __future__ import annotations

from pathlib import Path

PRODUCT = Path(__file__).parents[2] / "layers" / "shared" / "undersigned"

ADAPTERS = ("base/*.py", "*/rows/*.py")
"""What calls AWS."""

RULES = ("*/rules/*.py",)


def product_files(*patterns: str) -> list[Path]:
    """Return the product's files that match. Raises ValueError if a pattern matches none: a folder has moved."""
    found = []
    for pattern in patterns:
        matched = [file for file in sorted(PRODUCT.glob(pattern)) if file.name != "__init__.py"]
        if not matched:
            message = f"no file of the product matches {pattern}"
            raise ValueError(message)
        found += matched
    return found
