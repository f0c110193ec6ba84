# --device, CDI, --gpus, --chrootdirs, --systemd.
load helper
setup() { setup_busybox; }

@test "--device shows a device under its name or another" {
    run_ctl run --rm --device /dev/fuse --device /dev/zero:/dev/nothing:r "$IMG" sh -c 'test -c /dev/fuse && head -c 3 /dev/nothing | od -An -tx1'
    equals "$output" " 00 00 00"
    fails_with 125 "neither a device nor a directory" run --rm --device /etc/passwd "$IMG" true
    fails_with 125 "No such file" run --rm --device /dev/not-there "$IMG" true
    fails_with 125 "permissions" run --rm --device /dev/null:x "$IMG" true
    fails_with 125 "is the kernel's" run --rm --device /dev/null:/proc/1/x "$IMG" true
}

@test "inspect tells the devices, and whose volumes they are" {
    ctl create --name d --device /dev/null:/dev/nothing:r --device /dev/zero "$IMG" true >/dev/null
    equals "$(ctl inspect --format '{{range .HostConfig.Devices}}{{.PathOnHost}} {{.PathInContainer}} {{.CgroupPermissions}},{{end}}' d)" \
        "/dev/null /dev/nothing r,/dev/zero /dev/zero rwm,"
    ctl create --name v --volumes-from d:ro "$IMG" true >/dev/null
    equals "$(ctl inspect --format '{{.HostConfig.VolumesFrom}}' v)" "[d:ro]"
    equals "$(ctl inspect --format '{{.HostConfig.Devices}} {{json .HostConfig.VolumesFrom}}' v)" '[] ["d:ro"]'
    equals "$(ctl inspect --format '{{json .HostConfig.VolumesFrom}}' d)" null
}

@test "--device-cgroup-rule is refused with the reason" {
    fails_with 125 "only root" run --rm --device-cgroup-rule 'c 1:3 rw' "$IMG" true
}

@test "a CDI device brings variables, nodes and mounts" {
    mkdir cdi
    echo lib >lib
    cat >cdi/v.json <<-END
		{"cdiVersion": "0.6.0", "kind": "v.com/c", "devices": [{"name": "d", "containerEdits": {"env": ["VENDOR=1"],
		 "deviceNodes": [{"path": "/dev/vendor", "hostPath": "/dev/zero"}],
		 "mounts": [{"hostPath": "$T/lib", "containerPath": "/lib/vendor", "options": ["ro"]}]}},
		 {"name": "hook", "containerEdits": {"hooks": [{"hookName": "prestart", "path": "/bin/true"}]}}]}
	END
    run_ctl run --rm --cdi-spec-dir cdi --device v.com/c=d "$IMG" sh -c 'echo $VENDOR; test -c /dev/vendor && cat /lib/vendor; echo x >/lib/vendor'
    [ "$status" -ne 0 ]
    equals "$output" $'1\nlib'
    fails_with 125 "are not supported" run --rm --cdi-spec-dir cdi --device v.com/c=hook "$IMG" true
    fails_with 125 "no CDI file knows" run --rm --cdi-spec-dir cdi --device v.com/c=none "$IMG" true
    fails_with 125 "nvidia.com/gpu=all" run --rm --cdi-spec-dir cdi --gpus all "$IMG" true
}

@test "CDI files may be YAML" {
    mkdir cdi
    cat >cdi/nvidia.yaml <<-'END'
		cdiVersion: 0.5.0
		kind: nvidia.com/gpu
		containerEdits: {env: [GENERAL=yes]}
		devices:
		- name: "0"
		  containerEdits:
		    deviceNodes:
		    - path: /dev/vendor
		      hostPath: /dev/zero
		    additionalGids: [44]
		    env: ["FIRST=a: b"]
		- name: all
		  containerEdits: {}
	END
    run_ctl run --rm --cdi-spec-dir cdi --gpus 0 "$IMG" sh -c 'echo "$GENERAL $FIRST"; test -c /dev/vendor && id -G'
    contains "$output" "yes a: b"
    contains " ${lines[1]} " " 44 "
    echo 'devices: [' >cdi/broken.yml
    fails_with 125 "broken.yml:" run --rm --cdi-spec-dir cdi --gpus 0 "$IMG" true
}

@test "--chrootdirs gives our files to directories of the container" {
    run_ctl run --rm --chrootdirs /srv/jail "$IMG" sh -c 'head -n1 /srv/jail/etc/hosts; cat /srv/jail/etc/hostname' 
    contains "$output" localhost
    fails_with 125 "not an absolute path" run --rm --chrootdirs jail "$IMG" true
}

@test "--systemd=always prepares for an init system, and its command does" {
    run_ctl run --rm --systemd=always "$IMG" sh -c 'for d in /run /run/lock /tmp /var/log/journal; do grep -c " $d tmpfs " /proc/mounts; done; echo ${#container_uuid}'
    equals "$output" $'1\n1\n1\n1\n32'
    ctl create --name s --systemd=always "$IMG" true >/dev/null
    contains "$(ctl inspect -f '{{.Config.StopSignal}}' s)" "RTMIN+3"
    ctl create --name n "$IMG" sh >/dev/null
    equals "$(ctl inspect -f '{{.Config.StopSignal}}' n)" SIGTERM
    ctl create --name i "$IMG" /sbin/init >/dev/null
    contains "$(ctl inspect -f '{{.Config.StopSignal}}' i)" "RTMIN+3"
    fails_with 125 "expected true, false or always" run --rm --systemd=maybe "$IMG" true
    equals "$(ctl run --rm --systemd=always --shm-size-systemd 2m "$IMG" sh -c 'grep " /run/lock " /proc/mounts | grep -o size=2048k')" size=2048k
}
