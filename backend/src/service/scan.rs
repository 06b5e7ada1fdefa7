//! A code as the office shows it: a link that opens the field app with the code filled in, as a picture to be scanned.

use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::secret::SignInCode;

const ADDRESS_LETTERS: usize = 200;

/// A code with its picture; shown only here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScanCode {
    /// `XXXX-XXXX`.
    pub code: String,
    /// What the picture says: opens the field app with the code filled in.
    pub link: String,
    /// The picture: a path in a square of `size` units, the quiet zone included.
    pub path: String,
    /// Units a side.
    pub size: usize,
    /// Until when it can be scanned, ms.
    pub expires_at: u64,
}

impl ScanCode {
    /// The picture of a code that the field app at `address` takes in under `name`. `None`: the address has the wrong
    /// form. Make it before the code is kept: what cannot be shown is not given.
    pub fn new(address: &str, name: &str, code: &SignInCode, expires_at: u64) -> Option<Self> {
        let link = link_to(address, name, code)?;
        let (path, size) = picture(&link)?;
        Some(Self { code: code.shown(), link, path, size, expires_at })
    }
}

/// The field app with a code filled in. After the mark, where it is not sent to any server and stays out of logs.
fn link_to(address: &str, name: &str, code: &SignInCode) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let fits = address.len() <= ADDRESS_LETTERS;
    fits.then(|| format!("{}/#{name}={}", url.origin().ascii_serialization(), code.shown()))
}

/// A QR code as the path of its dark squares, with a quiet zone of four.
fn picture(text: &str) -> Option<(String, usize)> {
    const QUIET: usize = 4;
    let code = fast_qr::QRBuilder::new(text).ecl(fast_qr::ECL::M).build().ok()?;
    let mut path = String::new();
    for row in 0..code.size {
        for column in (0..code.size).filter(|column| code[row][*column].value()) {
            path.push_str(&format!("M{} {}h1v1h-1z", column + QUIET, row + QUIET));
        }
    }
    Some((path, code.size + 2 * QUIET))
}
