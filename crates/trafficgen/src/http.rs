//! HTTP/1.1 in clear (RFC 9112): a browser's or an updater's request, a server's response.

use serde::Deserialize;

use crate::random::Random;

/// What a response's body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Body {
    #[default]
    Html,
    Json,
    Text,
    /// A Windows executable.
    Exe,
    /// A Windows installer package.
    Msi,
    /// A Linux executable.
    Elf,
    Zip,
}

impl Body {
    fn media_type(self) -> &'static str {
        match self {
            Body::Html => "text/html; charset=utf-8",
            Body::Json => "application/json",
            Body::Text => "text/plain",
            Body::Exe => "application/x-msdownload",
            Body::Msi | Body::Elf => "application/octet-stream",
            Body::Zip => "application/zip",
        }
    }

    /// A body of `len` octets that begins as such a file does.
    pub(crate) fn octets(self, len: usize, random: &mut Random) -> Vec<u8> {
        let mut out: Vec<u8> = match self {
            Body::Html => b"<!doctype html>\n<html><head><title>Welcome</title></head>\n".to_vec(),
            Body::Json => b"{\"status\":\"ok\",\"data\":\"".to_vec(),
            Body::Text => Vec::new(),
            Body::Exe => executable(),
            Body::Msi => vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
            Body::Elf => b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3E\0".to_vec(),
            Body::Zip => b"PK\x03\x04\x14\0\x08\0\x08\0".to_vec(),
        };
        match self {
            Body::Html | Body::Json | Body::Text => {
                let words = b"the office of the day is open and all is well here today ".iter();
                let missing = len.saturating_sub(out.len());
                out.extend(words.cycle().take(missing));
            }
            Body::Exe | Body::Msi | Body::Elf | Body::Zip => {
                let missing = len.saturating_sub(out.len());
                random.fill(&mut out, missing);
            }
        }
        out.truncate(len);
        out
    }
}

/// A DOS stub and the portable-executable mark that it points to.
fn executable() -> Vec<u8> {
    let mut out = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0\xB8\0\0\0\0\0\0\0\x40\0\0\0".to_vec();
    out.resize(60, 0);
    out.extend([0x80, 0, 0, 0]);
    out.extend(b"\x0E\x1F\xBA\x0E\0\xB4\x09\xCD\x21\xB8\x01\x4C\xCD\x21");
    out.extend(b"This program cannot be run in DOS mode.\r\r\n$");
    out.resize(128, 0);
    out.extend(b"PE\0\0\x64\x86\x06\0");
    out
}

/// One request and what answers it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    #[serde(default = "root")]
    pub(crate) path: String,
    #[serde(default = "get")]
    pub(crate) method: String,
    /// The Host header, where it is not the server asked for.
    pub(crate) host: Option<String>,
    /// Octets that the request carries.
    #[serde(default)]
    pub(crate) sends: usize,
    #[serde(default = "success")]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) body: Body,
    /// Octets of the response's body.
    #[serde(default = "page")]
    pub(crate) bytes: usize,
    /// The name in Content-Disposition.
    pub(crate) file: Option<String>,
    /// Where a redirect leads to.
    pub(crate) location: Option<String>,
    /// Seconds of silence before the request.
    #[serde(default)]
    pub(crate) pause: f64,
}

fn root() -> String {
    "/".to_owned()
}

fn get() -> String {
    "GET".to_owned()
}

fn success() -> u16 {
    200
}

fn page() -> usize {
    4_000
}

impl Exchange {
    /// A page asked for and given.
    pub(crate) fn page(body: Body, bytes: usize) -> Exchange {
        Exchange {
            path: root(),
            method: get(),
            host: None,
            sends: 0,
            status: success(),
            body,
            bytes,
            file: None,
            location: None,
            pause: 0.0,
        }
    }

    pub(crate) fn request(&self, host: &str, agent: &str, random: &mut Random) -> Vec<u8> {
        let host = self.host.as_deref().unwrap_or(host);
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\nUser-Agent: {agent}\r\n\
             Accept: */*\r\nAccept-Encoding: gzip, deflate\r\n",
            self.method, self.path
        );
        if self.sends > 0 {
            head.push_str("Content-Type: application/octet-stream\r\n");
            head.push_str(&format!("Content-Length: {}\r\n", self.sends));
        }
        let mut out = head.into_bytes();
        out.extend(b"\r\n");
        random.fill(&mut out, self.sends);
        out
    }

    pub(crate) fn response(&self, at: u64, random: &mut Random) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            204 => "No Content",
            301 => "Moved Permanently",
            302 => "Found",
            304 => "Not Modified",
            404 => "Not Found",
            _ => "Other",
        };
        let len = if matches!(self.status, 204 | 304) { 0 } else { self.bytes };
        let mut head = format!(
            "HTTP/1.1 {} {reason}\r\nDate: {}\r\nServer: nginx\r\nContent-Type: {}\r\n",
            self.status,
            date(at),
            self.body.media_type()
        );
        if !matches!(self.status, 204 | 304) {
            head.push_str(&format!("Content-Length: {len}\r\n"));
        }
        if let Some(file) = &self.file {
            head.push_str(&format!("Content-Disposition: attachment; filename=\"{file}\"\r\n"));
        }
        if let Some(location) = &self.location {
            head.push_str(&format!("Location: {location}\r\n"));
        }
        head.push_str("Connection: keep-alive\r\n\r\n");
        let mut out = head.into_bytes();
        if self.method != "HEAD" {
            out.extend(self.body.octets(len, random));
        }
        out
    }
}

/// `Wed, 14 Sep 2022 14:00:00 GMT` (RFC 9110 §5.6.7), from nanoseconds since 1970.
fn date(at: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = at / 1_000_000_000;
    let days = seconds / 86_400;
    let (year, month, day) = crate::calendar::civil(days as i64);
    let pick = |list: &[&'static str], at: usize| list.get(at).copied().unwrap_or("?");
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        pick(&DAYS, (days % 7) as usize),
        pick(&MONTHS, month as usize - 1),
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_the_calendars() {
        for (seconds, want) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_663_164_005, "Wed, 14 Sep 2022 14:00:05 GMT"),
        ] {
            assert_eq!(date(seconds * 1_000_000_000), want);
        }
    }

    #[test]
    fn bodies_begin_as_such_files_do_and_have_their_length() {
        for (body, begin) in [
            (Body::Exe, &b"MZ"[..]),
            (Body::Msi, b"\xD0\xCF\x11\xE0"),
            (Body::Elf, b"\x7FELF"),
            (Body::Zip, b"PK\x03\x04"),
            (Body::Html, b"<!doctype html>"),
        ] {
            let octets = body.octets(5_000, &mut Random::new(1, 1));
            assert!(octets.starts_with(begin), "{body:?}");
            assert_eq!(octets.len(), 5_000);
        }
        let exe = Body::Exe.octets(500, &mut Random::new(1, 1));
        assert_eq!(exe[usize::from(exe[60])..][..4], *b"PE\0\0");
    }
}
