// See netstack/reassembly.h.
#include "netstack/reassembly.h"

namespace netstack {

Reassembly::Place& Reassembly::place_for(const wire::IpView& fragment, std::int64_t now) noexcept {
    Place* oldest = &places_[0];
    for (Place& place : places_) {
        if (place.used && now - place.began > patience_ms) place.used = false;
        const bool same = place.used && place.id == fragment.fragment().id && place.protocol == fragment.protocol() &&
                          place.source == fragment.source() && place.destination == fragment.destination();
        if (same) return place;
        if (oldest->used && (!place.used || place.began < oldest->began)) oldest = &place;
    }
    Place& place = *oldest;
    place.source = fragment.source();
    place.destination = fragment.destination();
    place.id = fragment.fragment().id;
    place.protocol = fragment.protocol();
    place.used = true;
    place.began = now;
    place.total = 0;
    place.have.reset();
    return place;
}

std::optional<wire::IpView> Reassembly::add(const wire::IpView& fragment, std::int64_t now) noexcept {
    const std::size_t offset = fragment.fragment().offset;
    const std::size_t size = fragment.payload().size();
    const bool last = !fragment.fragment().more;
    if (size == 0 || offset + size > largest || (!last && size % 8 != 0)) return std::nullopt;
    Place& place = place_for(fragment, now);
    if (last && place.total == 0) place.total = offset + size;
    const bool contradicts = place.total != 0 && (offset + size > place.total || (last && offset + size != place.total));
    for (std::size_t unit = offset / 8; unit < (offset + size + 7) / 8; ++unit) {
        if (contradicts || place.have[unit]) {
            place.used = false;
            return std::nullopt;
        }
        place.have.set(unit);
    }
    wire::store_bytes(place.bytes, wire::ipv6_length + offset, fragment.payload());
    if (place.total == 0 || place.have.count() != (place.total + 7) / 8) return std::nullopt;
    place.used = false;
    const std::size_t header = wire::ip_length(fragment.is_v4());
    const wire::MutableBytes whole = wire::MutableBytes(place.bytes).subspan(wire::ipv6_length - header, header + place.total);
    wire::build_ip(whole, {fragment.source(), fragment.destination(), fragment.protocol(), fragment.hop_limit(), place.total});
    return wire::IpView::parse(whole);
}

} // namespace netstack
