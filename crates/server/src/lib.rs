//! REST with OpenAPI, sign-in, roles, and the key feed.
