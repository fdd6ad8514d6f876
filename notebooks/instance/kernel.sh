#!/bin/bash
# The lessons' Jupyter kernel on the instance's volume: kernel.sh is-installed|install|register.
set -euo pipefail

home=/home/ec2-user
kernel=$home/SageMaker/.voc-gender/kernel
requirements=$home/SageMaker/.voc-gender/instance/requirements.txt

is_installed() {
    [[ -r $kernel/installed ]] &&
        [[ $(< "$kernel/installed") == "$(sha256sum < "$requirements" | cut -d ' ' -f 1)" ]]
}

install() {
    rm -rf "$kernel"
    python3.12 -m venv "$kernel"
    "$kernel/bin/python" -m pip install --quiet --require-hashes -r "$requirements"
    sha256sum < "$requirements" | cut -d ' ' -f 1 > "$kernel/installed"
}

register() {
    local folder=$home/.local/share/jupyter/kernels/voc-gender
    mkdir -p "$folder"
    cat > "$folder/kernel.json" << JSON
{
  "argv": ["$kernel/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
  "display_name": "VOC Gender (Python 3)",
  "language": "python",
  "env": {"AWS_DEFAULT_REGION": "$1"}
}
JSON
}

case $1 in
    is-installed) is_installed ;;
    install) install && register "$2" ;;
    register) register "$2" ;;
    *) echo "usage: kernel.sh is-installed|install|register [region]" >&2; exit 2 ;;
esac
