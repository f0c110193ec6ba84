// Where things are: the data root, the runtime directory, our own helpers. Computed once per process.
//
//   data root   $CTL_ROOT (ctl --root), else $XDG_DATA_HOME/ctl, else $HOME/.local/share/ctl
//   further stores of images
//               $CTL_IMAGE_STORES (ctl --storage-opt additionalimagestore=), a line each of $XDG_CONFIG_HOME/ctl/image-stores and
//               /etc/ctl/image-stores
//   image root  $CTL_IMAGESTORE (ctl --imagestore), else the data root
//   runtime     $CTL_RUNROOT (ctl --runroot), else $XDG_RUNTIME_DIR/ctl or /run/user/UID/ctl when that directory is ours
//               (su, sudo, cron leave somebody else's or none), else <data root>/run/<boot id>, mode 0700
//   sockets     $CTL_TMPDIR (ctl --tmpdir), else the runtime directory
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

struct Paths {
    uid_t uid;           ///< effective
    gid_t gid;
    std::string user;    ///< login name, or the uid in decimal where nobody knows one
    std::string home;
    std::string data;    ///< absolute; exists after ensure()
    std::string runtime; ///< absolute; exists after ensure()
    std::string sockets; ///< where the sockets of running containers are: `runtime`, or what --tmpdir says
    std::string boot_id; ///< /proc/sys/kernel/random/boot_id
    std::vector<std::string> image_stores; ///< further data roots whose images may be used, absolute; the first that has one counts
    bool shares_images = false;            ///< an image root that is made now is for all users to read
    bool transient = false;                ///< --transient-store: containers that are made now are gone after a reboot
    std::string images;                    ///< --imagestore: the root of images and layers; empty: the data root

    /// Reads the environment and the password file. Throws Error when no home directory can be told, and for a root that is
    /// Podman's.
    static Paths detect();
    /// Makes both roots (0700). Commands that only read do not call it.
    void ensure() const;
    /// What has the images and layers that are changed here.
    const std::string& image_root() const { return images.empty() ? data : images; }
};

inline constexpr const char* root_variable = "CTL_ROOT";
inline constexpr const char* runroot_variable = "CTL_RUNROOT";
inline constexpr const char* tmpdir_variable = "CTL_TMPDIR";
inline constexpr const char* imagestore_variable = "CTL_IMAGESTORE";
inline constexpr const char* image_stores_variable = "CTL_IMAGE_STORES"; ///< separated by colons
inline constexpr const char* transient_variable = "CTL_TRANSIENT_STORE"; ///< "1"
inline constexpr const char* force_mask_variable = "CTL_FORCE_MASK";     ///< "shared"

/// Set by lib/sealed_self.cc for its copy in memory: the path of the file it was copied from.
inline constexpr const char* origin_variable = "CTL_SELF";

/// The directory of ctl's helper programs: $CTL_LIBEXEC (tests), else <dir of our executable>/../libexec/ctl, else the
/// build tree's directory of our executable.
std::string helper_path(const std::string& name);
