// The files that ctl makes for a container: names and addresses, time zone, what tells that it is one; and --cidfile.
#pragma once

#include "base/unique_fd.h"
#include "lib/container_store.h"
#include "lib/run.h"
#include "lib/spec_builder.h"

#include <map>
#include <string>
#include <vector>

namespace lib {

/// Name in the container's directory and content; and those of them that are mounted by the spec's rules for GivenFile.
struct MadeFiles {
    std::map<std::string, std::string> texts;
    std::vector<GivenFile> given;
};

/// `layers` are the image's, topmost first. Throws Error naming the option that cannot be honoured.
MadeFiles make_files(const CreateRequest& request, const ContainerRecord& record, const std::string& hostname,
                     const std::vector<int>& layers);

/// --cidfile: made by us and nobody else, so that two containers never share one; removed again if no id is written.
class IdFile {
public:
    /// An empty path does nothing. Throws Error where the file is there.
    explicit IdFile(std::string path);
    IdFile(const IdFile&) = delete;
    IdFile& operator=(const IdFile&) = delete;
    ~IdFile();
    void write(const std::string& id);

private:
    std::string path_;
    UniqueFd fd_;
};

} // namespace lib
