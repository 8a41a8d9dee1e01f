//! Sentences of the link detectors: addresses that many customers' keys share, and keys that change together.

use super::Text;

pub(super) const LINKS: &[Text] = &[
    Text {
        code: "customers_at_one_address",
        en: "{customers} customers' keys were used from {address} ({network}, {class}) within the long window, {customers_short} within the short one; \
             nothing on record explains {unexplained} of them. Addresses of this network have {expected} customers on average.",
        ko: "{address}({network}, {class})에서 긴 기간 동안 고객 {customers}명, 짧은 기간 동안 {customers_short}명의 키가 사용되었고, \
             이 가운데 {unexplained}명은 설명할 기록이 없습니다. 이 네트워크의 주소당 고객 수는 평균 {expected}명입니다.",
        owner_en: "Your key is used from {address}, an address from which keys of other customers are used as well.",
        owner_ko: "고객님의 키가 {address}에서 사용되고 있으며, 같은 주소에서 다른 고객의 키도 함께 사용되고 있습니다.",
        lower_en: "Run the key from an address of your own, or have the service you use there put on record (an approved vendor or a delegation).",
        lower_ko: "본인만 쓰는 주소에서 키를 사용하시거나, 그 주소에서 이용하시는 서비스를 승인된 업체 또는 위임으로 등록해 주십시오.",
    },
    Text {
        code: "same_client_at_shared_address",
        en: "Keys of {unexplained} customers were used from {address} ({network}, {class}) with one and the same client and proved registrations. \
             Strangers share such addresses ({customers} customers within the long window), so this weighs little by itself.",
        ko: "{address}({network}, {class})에서 고객 {unexplained}명의 키가 같은 프로그램과 증명된 주소 등록으로 사용되었습니다. \
             이런 주소는 서로 모르는 사람들이 함께 쓰므로(긴 기간 동안 고객 {customers}명) 이것만으로는 비중이 작습니다.",
        owner_en: "Your key is used from {address}, an address that many people share.",
        owner_ko: "고객님의 키가 여러 사람이 함께 쓰는 주소 {address}에서 사용되고 있습니다.",
        lower_en: "Register and use an address of your own rather than one of a mobile network, VPN or relay.",
        lower_ko: "이동통신망, VPN, 중계 서비스의 주소 대신 본인만 쓰는 주소를 등록해 사용해 주십시오.",
    },
    Text {
        code: "approved_vendor_at_shared_address",
        en: "{address} ({network}) is registered egress of approved vendor {vendor}, for which this key was issued: the {customers} customers there are explained.",
        ko: "{address}({network})은(는) 이 키가 발급된 승인 업체 {vendor}의 등록된 출구 주소이므로, 그곳의 고객 {customers}명이 설명됩니다.",
        owner_en: "Your key is used from a registered address of the approved service {vendor}.",
        owner_ko: "고객님의 키가 승인된 서비스 {vendor}의 등록된 주소에서 사용되고 있습니다.",
        lower_en: "Nothing to do: this is on record.",
        lower_ko: "하실 일이 없습니다. 이미 등록된 사용입니다.",
    },
    Text {
        code: "delegation_at_shared_address",
        en: "A running delegation names the network of {address} ({network}); {customers} customers' keys are used from there.",
        ko: "유효한 위임이 {address}({network})의 네트워크를 지정하고 있습니다. 그 주소에서 고객 {customers}명의 키가 사용됩니다.",
        owner_en: "Your key is used from {address} under a delegation on record.",
        owner_ko: "고객님의 키가 등록된 위임에 따라 {address}에서 사용되고 있습니다.",
        lower_en: "Nothing to do while the delegation runs.",
        lower_ko: "위임이 유효한 동안에는 하실 일이 없습니다.",
    },
    Text {
        code: "own_sessions_at_shared_address",
        en: "The owner signs in from {address} ({network}, {class}) in person: a home or office of their own explains the key there, whatever the other {customers} customers do.",
        ko: "소유자 본인이 {address}({network}, {class})에서 직접 로그인합니다. 그 주소의 고객이 {customers}명이더라도 본인의 집이나 사무실이므로 설명됩니다.",
        owner_en: "Your key is used from {address}, where you sign in yourself.",
        owner_ko: "고객님이 직접 로그인하시는 주소 {address}에서 키가 사용되고 있습니다.",
        lower_en: "Nothing to do.",
        lower_ko: "하실 일이 없습니다.",
    },
    Text {
        code: "keys_change_together",
        en: "{keys} keys of {customers} customers changed together (last: {change}) on up to {occasions} separate occasions, within {window} s each time; \
             rates and habits of their own, outages and release days do not explain it.",
        ko: "고객 {customers}명의 키 {keys}개가 매번 {window}초 안에 함께 바뀌었고(최근: {change}), 이런 일이 최대 {occasions}차례 되풀이되었습니다. \
             각 키의 평소 빈도와 습관, 장애, 배포일로는 설명되지 않습니다.",
        owner_en: "Your key stopped, resumed or changed its program at the same moments as keys of other customers, several times.",
        owner_ko: "고객님의 키가 다른 고객의 키와 같은 순간에 여러 번 멈추거나 다시 시작하거나 프로그램을 바꾸었습니다.",
        lower_en: "Tell us which service runs your key, so that it can be put on record, or run it yourself.",
        lower_ko: "키를 운용하는 서비스를 알려 주시면 기록에 남기겠습니다. 또는 본인이 직접 운용해 주십시오.",
    },
];
