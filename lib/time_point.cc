// Points of time as text, see lib/time_point.h.
#include "lib/time_point.h"

#include "base/error.h"

#include <time.h>

#include <charconv>
#include <chrono>
#include <limits>

namespace lib {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Reads text from the front; every method either takes what it names or leaves the text alone.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : text_(text) {}
    bool at_end() const noexcept { return text_.empty(); }

    bool take(char c) noexcept {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    bool take(std::string_view word) noexcept {
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    /// Exactly `count` digits.
    std::optional<int> digits(std::size_t count) noexcept {
        if (text_.size() < count) return std::nullopt;
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
            value = value * 10 + (text_[i] - '0');
        }
        text_.remove_prefix(count);
        return value;
    }
    /// One or more digits.
    std::optional<std::int64_t> number() noexcept {
        if (text_.empty() || text_.front() < '0' || text_.front() > '9') return std::nullopt;
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
        if (error != std::errc()) return std::nullopt;
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return value;
    }
    /// What follows a decimal point, in units of 1e-9; 1 to 9 digits.
    std::optional<std::int64_t> fraction() noexcept {
        std::int64_t value = 0;
        int count = 0;
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
            if (++count > 9) return std::nullopt;
            value = value * 10 + (text_.front() - '0');
            text_.remove_prefix(1);
        }
        if (count == 0) return std::nullopt;
        for (; count < 9; ++count) value *= 10;
        return value;
    }

private:
    std::string_view text_;
};

/// A calendar date and time of day as written, its zone apart.
struct WrittenTime {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    std::int64_t fraction_ns = 0;
    std::optional<int> offset_seconds; ///< nullopt: no zone was written
};

/// Parts that a text must have, or may leave out from the end.
enum class Completeness { rfc3339, from_date };

bool take_time_of_day(Scanner& text, WrittenTime& time, Completeness completeness) noexcept {
    const auto hour = text.digits(2);
    if (!hour || !text.take(':')) return false;
    const auto minute = text.digits(2);
    if (!minute) return false;
    time.hour = *hour;
    time.minute = *minute;
    if (!text.take(':')) return completeness == Completeness::from_date;
    const auto second = text.digits(2);
    if (!second) return false;
    time.second = *second;
    if (!text.take('.')) return true;
    const auto fraction = text.fraction();
    if (!fraction) return false;
    time.fraction_ns = *fraction;
    return true;
}

bool take_zone(Scanner& text, WrittenTime& time) noexcept {
    if (text.take('Z')) {
        time.offset_seconds = 0;
        return true;
    }
    const int sign = text.take('+') ? 1 : text.take('-') ? -1 : 0;
    if (sign == 0) return true;
    const auto hours = text.digits(2);
    if (!hours || !text.take(':')) return false;
    const auto minutes = text.digits(2);
    if (!minutes || *hours > 23 || *minutes > 59) return false;
    time.offset_seconds = sign * (*hours * 3600 + *minutes * 60);
    return true;
}

std::optional<WrittenTime> parse_written_time(std::string_view bytes, Completeness completeness) noexcept {
    Scanner text(bytes);
    WrittenTime time;
    const auto year = text.digits(4);
    if (!year || !text.take('-')) return std::nullopt;
    const auto month = text.digits(2);
    if (!month || !text.take('-')) return std::nullopt;
    const auto day = text.digits(2);
    if (!day) return std::nullopt;
    time.year = *year;
    time.month = *month;
    time.day = *day;
    if (text.take('T') || (completeness == Completeness::from_date && text.take(' '))) {
        if (!take_time_of_day(text, time, completeness)) return std::nullopt;
    } else if (completeness == Completeness::rfc3339) {
        return std::nullopt;
    }
    if (!take_zone(text, time) || !text.at_end()) return std::nullopt;
    if (completeness == Completeness::rfc3339 && !time.offset_seconds) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    // The years whose nanoseconds fit into 64 bits; 60 is a leap second.
    if (!date.ok() || *year < 1678 || *year > 2261 || time.hour > 23 || time.minute > 59 || time.second > 60)
        return std::nullopt;
    return time;
}

std::int64_t seconds_as_utc(const WrittenTime& time) noexcept {
    const std::chrono::sys_days day{std::chrono::year(time.year) / time.month / time.day};
    return std::int64_t{day.time_since_epoch().count()} * 86400 + time.hour * 3600 + time.minute * 60 + time.second;
}

std::int64_t seconds_as_local(const WrittenTime& time) noexcept {
    tm local{};
    local.tm_year = time.year - 1900;
    local.tm_mon = time.month - 1;
    local.tm_mday = time.day;
    local.tm_hour = time.hour;
    local.tm_min = time.minute;
    local.tm_sec = time.second;
    local.tm_isdst = -1;
    return ::mktime(&local);
}

struct Unit {
    std::string_view name;
    std::int64_t ns;
};
// Longer names first: "ms" begins like "m".
constexpr Unit units[] = {{"ns", 1},          {"us", 1000},     {"\u00b5s", 1000},       {"\u03bcs", 1000},
                          {"ms", 1'000'000}, {"s", second_ns}, {"m", 60 * second_ns}, {"h", 3600 * second_ns}};

const Unit* take_unit(Scanner& text) noexcept {
    for (const Unit& unit : units)
        if (text.take(unit.name)) return &unit;
    return nullptr;
}

/// "1h30m", "1.5s": numbers with units, added up.
std::optional<std::int64_t> parse_duration(std::string_view bytes) noexcept {
    Scanner text(bytes);
    std::int64_t total = 0;
    do {
        const auto whole = text.number();
        if (!whole) return std::nullopt;
        std::int64_t fraction = 0;
        if (text.take('.')) {
            const auto digits = text.fraction();
            if (!digits) return std::nullopt;
            fraction = *digits;
        }
        const Unit* unit = take_unit(text);
        std::int64_t part = 0;
        if (unit == nullptr || __builtin_mul_overflow(*whole, unit->ns, &part)) return std::nullopt;
        // Both factors below 2^43: the fraction is cut to microseconds for units above one second.
        part += unit->ns > second_ns ? fraction / 1000 * (unit->ns / 1'000'000) : fraction * unit->ns / second_ns;
        if (__builtin_add_overflow(total, part, &total)) return std::nullopt;
    } while (!text.at_end());
    return total;
}

/// "1700000000" or "1700000000.25".
std::optional<std::int64_t> parse_unix_seconds(std::string_view bytes) noexcept {
    Scanner text(bytes);
    const auto seconds = text.number();
    if (!seconds || *seconds >= std::numeric_limits<std::int64_t>::max() / second_ns) return std::nullopt;
    std::int64_t fraction = 0;
    if (text.take('.')) {
        const auto digits = text.fraction();
        if (!digits) return std::nullopt;
        fraction = *digits;
    }
    if (!text.at_end()) return std::nullopt;
    return *seconds * second_ns + fraction;
}

} // namespace

std::array<char, 30> format_rfc3339(std::int64_t time_ns) noexcept {
    using namespace std::chrono;
    const sys_time<nanoseconds> time{nanoseconds(time_ns)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss<nanoseconds> clock(time - day);
    std::array<char, 30> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0', '0', ':', '0',
                              '0', ':', '0', '0', '.', '0', '0', '0', '0', '0', '0', '0', '0', '0', 'Z'};
    const auto put = [&text](std::size_t end, std::int64_t value) noexcept {
        for (; value > 0; value /= 10) text[--end] = static_cast<char>('0' + value % 10);
    };
    put(4, int{date.year()});
    put(7, unsigned{date.month()});
    put(10, unsigned{date.day()});
    put(13, clock.hours().count());
    put(16, clock.minutes().count());
    put(19, clock.seconds().count());
    put(29, clock.subseconds().count());
    return text;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) noexcept {
    const auto time = parse_written_time(text, Completeness::rfc3339);
    if (!time) return std::nullopt;
    return (seconds_as_utc(*time) - *time->offset_seconds) * second_ns + time->fraction_ns;
}

std::int64_t parse_time_point(std::string_view text, std::int64_t now_ns) {
    if (const auto seconds = parse_unix_seconds(text)) return *seconds;
    if (const auto ago = parse_duration(text)) return now_ns - *ago;
    if (const auto time = parse_written_time(text, Completeness::from_date)) {
        const std::int64_t seconds =
            time->offset_seconds ? seconds_as_utc(*time) - *time->offset_seconds : seconds_as_local(*time);
        return seconds * second_ns + time->fraction_ns;
    }
    throw Error("\"", text, "\" is no point of time: give one like 10m (ago), 2026-11-22, 2026-11-22T10:00:00Z or unix seconds");
}

} // namespace lib
