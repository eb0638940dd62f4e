"""What the platform itself tells of a service: one file a platform."""
