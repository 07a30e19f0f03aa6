"""From a recipe's draws to pixels: draw, program, and the only pixel loop."""
