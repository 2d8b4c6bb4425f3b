"""Labs and exam blueprints as data: models, loading, validation and the index behind `azlabs list`."""
