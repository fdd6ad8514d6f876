# Binds folders of ours to paths of AWS's machines, then becomes the program.
# Arguments: working folder, "ro" or "rw" for the rest of this machine's disks, number of binds,
# then path and source of each bind, then the program. Runs in a mount namespace of its own.
set -e

# A path that this machine lacks gets a place in a copy of its parent made of binds of what is
# there: nothing is created on the machine itself.
give_place() {
    [ -e "$1" ] && return
    parent=${1%/*}
    if [ -z "$parent" ]; then
        echo "no private mount can make a folder of the root: create $1 on this machine" >&2
        exit 1
    fi
    [ -d "$parent" ] || give_place "$parent"
    parent=${1%/*}
    original=$(mktemp -d)
    mount --rbind "$parent" "$original"
    mount -t tmpfs -o mode=755 tmpfs "$parent"
    for entry in "$original"/* "$original"/.[!.]*; do
        copy=$parent/${entry##*/}
        if [ -L "$entry" ]; then
            cp -P "$entry" "$copy"
        elif [ -d "$entry" ]; then
            mkdir "$copy"
            mount --rbind "$entry" "$copy"
        elif [ -e "$entry" ]; then
            : > "$copy"
            mount --bind "$entry" "$copy"
        fi
    done
    umount -l "$original"
    rmdir "$original" 2> /dev/null || true
    mkdir "$1"
}

folder=$1
access=$2
count=$3
shift 3
ours=
while [ "$count" -gt 0 ]; do
    give_place "$1"
    mount --rbind "$2" "$1"
    ours="$ours $1"
    shift 2
    count=$((count - 1))
done
if [ "$access" = ro ]; then
    # What a script written for another machine does to this one must not stay.
    while read -r _ place kind _; do
        case $kind in
            ext[234] | xfs | btrfs | zfs | f2fs | overlay | tmpfs | 9p | virtiofs) ;;
            *) continue ;;
        esac
        case " $ours " in *" $place "*) continue ;; esac
        case $place in /dev* | /proc* | /sys*) continue ;; esac
        mount -o remount,bind,ro "$place" 2> /dev/null || true
    done < /proc/self/mounts
fi
cd "$folder"
exec "$@"
