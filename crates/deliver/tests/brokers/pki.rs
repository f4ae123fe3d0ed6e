//! A CA with a server's and a client's certificate, made anew for each test.

use std::net::IpAddr;
use std::path::PathBuf;

use deliver::sinks::TlsPlan;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

/// Files: `ca.pem`, `other.pem` (another CA), `server.pem`, `server.key`, `client.pem`, `client.key`.
pub(crate) struct Pki {
    folder: tempfile::TempDir,
}

impl Pki {
    /// The server's certificate is for that address.
    pub(crate) fn new(server: IpAddr) -> Pki {
        let pki = Pki { folder: tempfile::tempdir().expect("a folder") };
        let ca = authority("CA of the test");
        pki.write("ca.pem", &ca.pem());
        pki.write("other.pem", &authority("another CA").pem());
        let both = [
            ("server", server.to_string(), ExtendedKeyUsagePurpose::ServerAuth),
            ("client", "sensor-1.example".to_owned(), ExtendedKeyUsagePurpose::ClientAuth),
        ];
        for (file, name, purpose) in both {
            let mut params = CertificateParams::new(vec![name]).expect("a name");
            params.extended_key_usages = vec![purpose];
            let key = KeyPair::generate().expect("a key");
            let cert = params.signed_by(&key, &ca).expect("signed");
            pki.write(&format!("{file}.pem"), &cert.pem());
            pki.write(&format!("{file}.key"), &key.serialize_pem());
        }
        pki
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A client's settings: who vouches for the server, and whether it shows a certificate.
    pub(crate) fn plan(&self, ca: &str, shows: bool) -> TlsPlan {
        TlsPlan {
            ca: Some(self.path(ca)),
            cert: shows.then(|| self.path("client.pem")),
            key: shows.then(|| self.path("client.key")),
            name: None,
        }
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("a CA");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a CA")
}
