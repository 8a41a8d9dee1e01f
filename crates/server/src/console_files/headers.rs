//! What a page may do in a browser, said once for all of them.

use http::{HeaderName, HeaderValue, header};

/// Marks an answer as a page or a file of one: it keeps its own headers, and the API's are not put in their place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page;

/// From nowhere but here: scripts, styles, pictures, what it asks, where its forms go. No frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What no page here has a use for.
const NOTHING_OF: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
                          midi=(), payment=(), usb=()";

/// The headers of every page.
pub(crate) fn page_headers() -> [(HeaderName, HeaderValue); 6] {
    let named = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        named("cross-origin-opener-policy", "same-origin"),
        named("cross-origin-resource-policy", "same-origin"),
        named("permissions-policy", NOTHING_OF),
    ]
}
