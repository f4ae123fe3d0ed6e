//! A DNS message, section by section, as far as it can be read.

use std::net::{IpAddr, Ipv4Addr};

use model::{DnsQuestion, DnsRecord, DomainName, RecordData, RecordType};

use super::name::{self, NameFault, Steps, Walked, pass_over};
use super::parser::{Header, address};
use super::{netbios, service};
use crate::protocols::limits::{DNS_PASSED_OVER_MAX, DNS_QUESTIONS_MAX, DNS_RECORDS_MAX};

/// How names are to be understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// RFC 1035, and its multicast cousins.
    Dns,
    /// RFC 1002: the first label is an encoded NetBIOS name.
    Netbios,
}

/// What could be read of a message.
#[derive(Debug)]
pub(super) struct Message {
    /// Its header.
    pub(super) header: Header,
    /// Its first question. Nearly no message has more.
    pub(super) question: Option<DnsQuestion>,
    /// The others.
    pub(super) more: Vec<DnsQuestion>,
    /// The records of its answer section. Nothing for a query.
    pub(super) records: Vec<DnsRecord>,
    /// Its response code with the EDNS part.
    pub(super) rcode: u16,
    /// Label steps that its names took.
    #[cfg(test)]
    pub(super) steps: u32,
}

/// Read a message; `None` when it is shorter than a header. What is cut or broken is left out, and
/// told to `anomaly`.
pub(super) fn read(
    message: &[u8],
    dialect: Dialect,
    anomaly: &mut dyn FnMut(&'static str),
) -> Option<Message> {
    let header = Header::read(message)?;
    let mut walker = Walker {
        message,
        dialect,
        at: Header::LEN,
        steps: Steps::new(),
        known: [None, None],
        anomaly,
    };
    let mut read = Message {
        header,
        question: None,
        more: Vec::new(),
        records: Vec::new(),
        rcode: header.rcode,
        #[cfg(test)]
        steps: 0,
    };
    if let Err(fault) = walker.sections(&mut read) {
        (walker.anomaly)(match fault {
            NameFault::Cut => "dns_message_cut",
            NameFault::Malformed | NameFault::Costly => "dns_message_malformed",
        });
    }
    #[cfg(test)]
    {
        read.steps = walker.steps.taken();
    }
    Some(read)
}

/// Walks a message once, front to back.
struct Walker<'a> {
    message: &'a [u8],
    dialect: Dialect,
    /// The first octet that was not read.
    at: usize,
    steps: Steps,
    /// Names that records point at, and where they stand: the first question's, and the last one
    /// that stood in a record's data, as the next record's owner is after a CNAME.
    known: [Option<(usize, DomainName)>; 2],
    anomaly: &'a mut dyn FnMut(&'static str),
}

/// A record's head (RFC 1035 §4.1.3) and where its data stands.
struct Head {
    kind: RecordType,
    ttl_secs: u32,
    start: usize,
    len: u16,
    end: usize,
}

impl Walker<'_> {
    fn sections(&mut self, read: &mut Message) -> Result<(), NameFault> {
        let header = read.header;
        for number in 0..header.questions {
            if usize::from(number) >= DNS_QUESTIONS_MAX {
                (self.anomaly)("dns_questions_too_many");
                return Ok(());
            }
            let name = self.name()?;
            let (kind, _class) = (self.number()?, self.number()?);
            if let Some(name) = name {
                let question = DnsQuestion { name, kind: RecordType(kind) };
                match read.question {
                    None => read.question = Some(question),
                    Some(_) => read.more.push(question),
                }
            }
        }
        if !header.response {
            return Ok(());
        }
        // A record takes sixteen octets at least, if it is an address.
        let left = self.message.len().saturating_sub(self.at);
        let room = usize::from(header.answers).min(left / 16).min(DNS_RECORDS_MAX);
        read.records.reserve_exact(room);
        for number in 0..header.answers {
            if usize::from(number) >= DNS_RECORDS_MAX {
                (self.anomaly)("dns_records_too_many");
                return Ok(());
            }
            let name = self.name()?;
            let head = self.head()?;
            if let Some(name) = name {
                let data = self.data(&head);
                read.records.push(DnsRecord {
                    name,
                    kind: head.kind,
                    ttl_secs: head.ttl_secs,
                    data,
                });
            }
            self.at = head.end;
        }
        let others = usize::from(header.authorities).saturating_add(header.additionals.into());
        let mut edns = false;
        for _ in 0..others.min(DNS_PASSED_OVER_MAX) {
            self.at = pass_over(self.message, self.at)?;
            let head = self.head()?;
            if head.kind == RecordType::OPT && !std::mem::replace(&mut edns, true) {
                // RFC 6891 §6.1.3: the upper eight bits of the code stand in the TTL's first octet.
                let [upper, ..] = head.ttl_secs.to_be_bytes();
                read.rcode |= u16::from(upper) << 4;
            }
            self.at = head.end;
        }
        Ok(())
    }

    /// The name at hand. `None`: it cannot be read, but the octets after it can.
    fn name(&mut self) -> Result<Option<Option<DomainName>>, NameFault> {
        // Nearly every record's owner is a pointer to a name that was just read.
        if let Some(name) = self.pointed_at() {
            self.at = self.at.saturating_add(2);
            return Ok(Some(Some(name)));
        }
        match self.read(self.at) {
            Ok((walked, name)) => {
                if self.at == Header::LEN {
                    self.note(0, self.at, &walked, name.as_ref());
                }
                self.at = walked.end;
                Ok(Some(name))
            }
            Err(NameFault::Cut) => Err(NameFault::Cut),
            Err(fault) => {
                (self.anomaly)(fault_name(fault));
                self.at = pass_over(self.message, self.at)?;
                Ok(None)
            }
        }
    }

    /// The known name that a pointer at hand points at.
    fn pointed_at(&self) -> Option<DomainName> {
        let pointer = *self.message.get(self.at..)?.first_chunk()?;
        let target = usize::from(u16::from_be_bytes(pointer).checked_sub(0xc000)?);
        let mut known = self.known.iter().flatten();
        known.find(|(at, _)| *at == target).map(|(_, name)| name.clone())
    }

    /// Remember a name that stands at a place.
    fn note(&mut self, place: usize, at: usize, walked: &Walked, name: Option<&DomainName>) {
        if let Some(known) = self.known.get_mut(place)
            && walked.may_be_pointed_at()
        {
            *known = name.map(|name| (at, name.clone()));
        }
    }

    /// The name at a place.
    fn read(&mut self, at: usize) -> Result<(Walked, Option<DomainName>), NameFault> {
        let (walked, name) = name::read(self.message, at, &mut self.steps)?;
        let coded = match self.dialect {
            Dialect::Dns => None,
            Dialect::Netbios => netbios::name(walked.labels(self.message)),
        };
        Ok((walked, coded.or(name)))
    }

    fn number(&mut self) -> Result<u16, NameFault> {
        let rest = self.message.get(self.at..).ok_or(NameFault::Cut)?;
        let octets = rest.first_chunk().ok_or(NameFault::Cut)?;
        self.at = self.at.saturating_add(octets.len());
        Ok(u16::from_be_bytes(*octets))
    }

    fn head(&mut self) -> Result<Head, NameFault> {
        let rest = self.message.get(self.at..).ok_or(NameFault::Cut)?;
        let head = *rest.first_chunk::<10>().ok_or(NameFault::Cut)?;
        let [k, l, _, _, a, b, c, d, high, low] = head;
        let (kind, len) = (u16::from_be_bytes([k, l]), u16::from_be_bytes([high, low]));
        let (kind, ttl_secs) = (RecordType(kind), u32::from_be_bytes([a, b, c, d]));
        let start = self.at.saturating_add(head.len());
        self.at = start;
        let end = start.saturating_add(usize::from(len));
        if end > self.message.len() {
            return Err(NameFault::Cut);
        }
        Ok(Head { kind, ttl_secs, start, len, end })
    }

    fn data(&mut self, head: &Head) -> RecordData {
        let octets = self.message.get(head.start..head.end).unwrap_or_default();
        let read = match head.kind {
            RecordType::A | RecordType::AAAA => {
                address(head.kind, octets, self.message).map(RecordData::Address)
            }
            RecordType::CNAME | RecordType::NS | RecordType::PTR => match self.read(head.start) {
                Ok((walked, name)) if walked.end <= head.end => {
                    self.note(1, head.start, &walked, name.as_ref());
                    Some(RecordData::Name(name))
                }
                Ok(_) => None,
                Err(fault) => {
                    (self.anomaly)(fault_name(fault));
                    return RecordData::Other(head.len);
                }
            },
            RecordType::HTTPS | RecordType::SVCB => {
                service::read(self.message, head.start, head.end, &mut self.steps)
            }
            // RFC 1002 §4.2.13: flags, then the address.
            RecordType(netbios::NB) if self.dialect == Dialect::Netbios => octets
                .get(2..)
                .and_then(|rest| rest.first_chunk::<4>())
                .map(|octets| RecordData::Address(IpAddr::V4(Ipv4Addr::from(*octets)))),
            _ => return RecordData::Other(head.len),
        };
        read.unwrap_or_else(|| {
            // RFC 2136 §2.4: an update's conditions have no data; that is no fault.
            if head.len > 0 {
                (self.anomaly)("dns_record_malformed");
            }
            RecordData::Other(head.len)
        })
    }
}

const fn fault_name(fault: NameFault) -> &'static str {
    match fault {
        NameFault::Cut | NameFault::Malformed => "dns_name_malformed",
        NameFault::Costly => "dns_names_too_costly",
    }
}
