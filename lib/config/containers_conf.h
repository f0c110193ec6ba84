// containers.conf(5): the administrator's and the user's defaults.
//
// Files are read in this order, and each value replaces what an earlier file said; a list with {append=true} is added to
// it, from then on also in later files:
//     /usr/share/containers/containers.conf, /etc/containers/containers.conf, /etc/containers/containers.conf.d/*.conf,
//     $XDG_CONFIG_HOME/containers/containers.conf and containers.conf.d/*.conf (not for root),
//     the modules asked for, $CONTAINERS_CONF_OVERRIDE
// $CONTAINERS_CONF is read in place of the first five. Where there is no file nothing is parsed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lib::config {

/// Where the files are.
struct ConfPlaces {
    std::string root;      ///< "" for the real /usr and /etc; a directory in tests
    std::string user_dir;  ///< ~/.config/containers; empty for root
    std::string only;      ///< $CONTAINERS_CONF
    std::string last;      ///< $CONTAINERS_CONF_OVERRIDE
    std::vector<std::string> modules; ///< --module: names below containers.conf.modules, or paths

    static ConfPlaces detect(std::vector<std::string> modules);
};

/// A value, and the file that said so last.
struct Setting {
    std::variant<bool, std::int64_t, std::string, std::vector<std::string>> value;
    std::string file;
    bool append = false; ///< a list to which later files add
};

class ContainersConf {
public:
    /// Throws Error "FILE line N: what is wrong", and for a module or a named file that is not there.
    static ContainersConf load(const ConfPlaces& places);
    /// Adds one file's text.
    void add(const std::string& text, const std::string& file);

    /// By the key's whole name, "containers.tz"; nullptr where no file has it.
    const Setting* find(const std::string& key) const;
    std::optional<bool> flag(const std::string& key) const;
    std::optional<std::int64_t> number(const std::string& key) const;
    std::string text(const std::string& key) const;               ///< empty where there is none
    std::vector<std::string> list(const std::string& key) const;  ///< empty where there is none
    /// The lists of a table with keys of the user's choice, by these keys.
    std::map<std::string, std::vector<std::string>> lists(const std::string& table) const;

    const std::map<std::string, Setting>& settings() const noexcept { return settings_; }
    /// A sentence for each key that has no effect: unknown, not supported yet, or never to be.
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    std::map<std::string, Setting> settings_;
    std::vector<std::string> warnings_;
};

/// Those of `warnings` that this user has not been told since the machine started: each is written to a file in the
/// runtime directory. Where that cannot be written, all.
std::vector<std::string> not_yet_told(const std::vector<std::string>& warnings, const std::string& runtime_dir);

} // namespace lib::config
