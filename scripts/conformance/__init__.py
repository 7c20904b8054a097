"""The parts of `scripts/check_api.py`: a service with something in it, and questions made from its own OpenAPI document."""
