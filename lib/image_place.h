// Places of images as they are typed (containers-transports(5)): "docker://host/path:tag", "oci:DIR:NAME", "dir:DIR", …
#pragma once

#include <optional>
#include <string>

namespace lib {

struct ImagePlace {
    std::string transport; ///< docker, oci, oci-archive, docker-archive, dir, containers-storage
    std::string path;      ///< absolute, of a file or directory
    std::string name;      ///< of the image there, as typed; may be empty where there is a path
    std::string text;      ///< as typed

    bool is_archive() const { return transport.ends_with("-archive"); }
    bool is_store() const { return transport == "containers-storage"; }
};

/// A place in a file or directory; nullopt for what begins with no such transport. Throws Error where it names none.
std::optional<ImagePlace> find_file_place(const std::string& text);

/// Any place; a plain name is an image of our store, containers-storage:. Throws Error for other transports.
ImagePlace parse_image_place(const std::string& text);

} // namespace lib
