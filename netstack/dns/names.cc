// See netstack/dns/names.h.
#include "netstack/dns/names.h"

#include <algorithm>

namespace netstack::dns {

std::size_t Names::answer(wire::MutableBytes into, const Query& query, Surroundings& around) const noexcept {
    const auto known = std::ranges::find(local_, query.name(), &LocalName::name);
    if (known == local_.end() || query.qclass() != class_in) return 0;
    if (query.type() == type_aaaa && known->v6 && around.decide(*known->v6).verdict == Verdict::go)
        return build_address_reply(into, query, known->v6->wire());
    if (query.type() == type_a || query.type() == type_any) return build_address_reply(into, query, known->address.wire());
    return build_reply(into, query, Code::no_error); // it exists, but has nothing of that kind
}

} // namespace netstack::dns
