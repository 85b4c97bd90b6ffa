"""The `@liquid` directive: LiquidJS's templates, on top of python-liquid."""
