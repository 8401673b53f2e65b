"""Pictures of the geometry: `scenes` on the sphere, `curves` of training, a `page` that holds both."""
