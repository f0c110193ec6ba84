// Entries for passwd(5) and group(5), see lib/user_files.h.
#include "lib/user_files.h"

#include "base/error.h"
#include "lib/container_env.h"

#include <cstdint>
#include <utility>


namespace lib {
namespace {

void add_line(std::string& addition, const std::string& file, const std::string& line) {
    // The image's last line may lack its end; ours must not become part of it.
    if (addition.empty() && !file.empty() && file.back() != '\n') addition = "\n";
    addition += line + "\n";
}

std::string entry_or(const std::string& wanted, const Environment& values, const std::string& otherwise) {
    const std::string entry = wanted.empty() ? otherwise : expand_variables(wanted, values);
    if (entry.find('\n') != std::string::npos) throw Error("--passwd-entry and --group-entry: an entry is one line");
    return entry;
}

class Additions {
public:
    explicit Additions(const UserFileTexts& image) : image_(image) {}

    bool knows_user(std::uint32_t uid) const { return find_passwd_entry(all_passwd(), std::to_string(uid)).has_value(); }
    bool knows_user(const std::string& name) const { return find_passwd_entry(all_passwd(), name).has_value(); }
    bool knows_group(std::uint32_t gid) const { return find_group_name(image_.group + add_.group, gid).has_value(); }
    void add_user(const std::string& line) { add_line(add_.passwd, image_.passwd, line); }
    void add_group(const std::string& line) { add_line(add_.group, image_.group, line); }
    UserFileTexts take() { return std::move(add_); }

private:
    std::string all_passwd() const { return image_.passwd + add_.passwd; }
    const UserFileTexts& image_;
    UserFileTexts add_;
};

void add_own_user(Additions& additions, const UserFileOptions& options, const ResolvedUser& user) {
    const std::string uid = std::to_string(user.uid), gid = std::to_string(user.gid);
    if (user.uid != 0 && !additions.knows_user(user.uid))
        additions.add_user(entry_or(options.passwd_entry,
                                    {{"USERNAME", uid}, {"UID", uid}, {"GID", gid}, {"NAME", "container user"}, {"HOME", user.home}},
                                    cat(uid, ":*:", uid, ":", gid, ":container user:", user.home, ":/bin/sh")));
    if (user.gid != 0 && !additions.knows_group(user.gid))
        additions.add_group(entry_or(options.group_entry, {{"GROUPNAME", gid}, {"GID", gid}, {"USERLIST", uid}},
                                     cat(gid, ":x:", gid, ":", uid)));
}

void add_host_user(Additions& additions, const std::string& name, const UserFileTexts& machine) {
    const auto entry = find_passwd_entry(machine.passwd, name);
    if (!entry) throw Error("--hostuser ", name, ": this machine's /etc/passwd has no such user");
    if (!additions.knows_user(entry->uid) && !additions.knows_user(entry->name))
        additions.add_user(cat(entry->name, ":*:", entry->uid, ":", entry->gid, ":", entry->comment, ":", entry->home, ":/bin/sh"));
    const auto group = find_group_name(machine.group, entry->gid);
    if (group && !additions.knows_group(entry->gid)) additions.add_group(cat(*group, ":x:", entry->gid, ":", entry->name));
}

} // namespace

UserFileTexts missing_user_entries(const UserFileOptions& options, const ResolvedUser& user, const UserFileTexts& image,
                                   const UserFileTexts& machine) {
    Additions additions(image);
    for (const std::string& name : options.host_users) add_host_user(additions, name, machine);
    if (options.passwd) add_own_user(additions, options, user);
    return additions.take();
}

} // namespace lib
