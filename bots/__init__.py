"""The platforms: each folder has a source and an outlet; `bots.app` composes them."""
