"""What the checks of an installation share: an installed service, started and asked as its users would."""
