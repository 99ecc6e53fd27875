"""A drawn shop: products, hands, rooms and a camera, all from one seed, for trying things out and for the tests."""
