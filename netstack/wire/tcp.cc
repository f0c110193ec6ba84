// Parsing and building of TCP headers; see netstack/wire/tcp.h.
#include "netstack/wire/tcp.h"

#include <algorithm>

namespace netstack::wire {
namespace {

constexpr std::uint8_t option_end = 0;
constexpr std::uint8_t option_pad = 1;
constexpr std::uint8_t option_mss = 2;
constexpr std::uint8_t option_window_scale = 3;
constexpr std::uint8_t largest_scale = 14;

} // namespace

std::optional<TcpView> TcpView::parse(Bytes b) noexcept {
    if (b.size() < tcp_length) return std::nullopt;
    const std::size_t length = std::size_t{4} * (load8(b, 12) >> 4);
    if (length < tcp_length || length > b.size()) return std::nullopt;
    TcpView view;
    view.header_ = {load16(b, 0), load16(b, 2), load32(b, 4), load32(b, 8), load8(b, 13), load16(b, 14)};
    view.options_ = b.subspan(tcp_length, length - tcp_length);
    view.payload_ = b.subspan(length);
    return view;
}

TcpOptions TcpView::options() const noexcept {
    TcpOptions found;
    for (Bytes rest = options_; !rest.empty();) {
        const std::uint8_t kind = load8(rest, 0);
        if (kind == option_end) break;
        if (kind == option_pad) {
            rest = rest.subspan(1);
            continue;
        }
        if (rest.size() < 2) break;
        const std::size_t length = load8(rest, 1);
        if (length < 2 || length > rest.size()) break;
        if (kind == option_mss && length == 4) found.mss = load16(rest, 2);
        if (kind == option_window_scale && length == 3) found.window_scale = std::min(load8(rest, 2), largest_scale);
        rest = rest.subspan(length);
    }
    return found;
}

std::size_t build_tcp(MutableBytes into, const TcpHeader& header, const TcpOptions& options) noexcept {
    std::size_t length = tcp_length;
    if (options.mss) {
        store8(into, length, option_mss);
        store8(into, length + 1, 4);
        store16(into, length + 2, *options.mss);
        length += 4;
    }
    if (options.window_scale) {
        store8(into, length, option_pad);
        store8(into, length + 1, option_window_scale);
        store8(into, length + 2, 3);
        store8(into, length + 3, *options.window_scale);
        length += 4;
    }
    store16(into, 0, header.source_port);
    store16(into, 2, header.destination_port);
    store32(into, 4, header.sequence);
    store32(into, 8, header.acknowledgment);
    store8(into, 12, static_cast<std::uint8_t>(length / 4 << 4));
    store8(into, 13, header.flags);
    store16(into, 14, header.window);
    store32(into, tcp_checksum_offset, 0); // and no urgent pointer
    return length;
}

} // namespace netstack::wire
