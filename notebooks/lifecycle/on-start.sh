#!/bin/bash
# As root, each time the instance starts: what the last deploy delivered. Only the volume below
# SageMaker/ outlives a stop; everything else is made anew. Running it again does no harm.
set -euo pipefail

lessons='@LESSONS@'
bucket='@BUCKET@'
region='@REGION@'
method='@METHOD@'
idle_minutes='@IDLE_MINUTES@'
repository='@REPOSITORY@'

home=/home/ec2-user
workshop=$home/SageMaker/nlp-workshop
own=$home/SageMaker/.voc-gender

copy() {
    mkdir -p "$own/$2"
    aws s3 sync --only-show-errors --delete --region "$region" "$lessons/$1" "$own/$2"
}

deliver() {
    local file target delivered
    copy workshop incoming
    while IFS= read -r -d '' file; do
        target=$workshop/$file
        delivered=$own/delivered/$file
        mkdir -p "$(dirname "$target")" "$(dirname "$delivered")"
        if [[ ! -e $target ]] || cmp -s "$target" "$delivered"; then
            cp "$own/incoming/$file" "$target"
        elif ! cmp -s "$own/incoming/$file" "$delivered"; then
            # What the data scientist changed stays; the new version waits beside it.
            cp "$own/incoming/$file" "$target.new"
            echo "$target was changed here: the new version is $target.new"
        fi
        cp "$own/incoming/$file" "$delivered"
    done < <(cd "$own/incoming" && find . -type f -printf '%P\0')
}

configure_sdk() {
    mkdir -p "$home/.config/sagemaker"
    cat > "$home/.config/sagemaker/config.yaml" << YAML
SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
      Session:
        DefaultS3Bucket: $bucket
        DefaultS3ObjectKeyPrefix: lessons
YAML
}

stop_when_idle() {
    # Amazon Linux 2023 has no cron; systemd has timers.
    cat > /etc/systemd/system/voc-gender-auto-stop.service << UNIT
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 $own/instance/auto_stop.py --idle-minutes $idle_minutes
UNIT
    cat > /etc/systemd/system/voc-gender-auto-stop.timer << UNIT
[Timer]
OnActiveSec=5min
OnUnitActiveSec=5min
[Install]
WantedBy=timers.target
UNIT
    systemctl daemon-reload
    systemctl enable --now voc-gender-auto-stop.timer
}

install_docker() {
    command -v docker > /dev/null || dnf install -y -q docker
    systemctl enable --now docker
    usermod -a -G docker ec2-user
}

copy instance instance
if [[ $repository == none ]]; then deliver; fi
configure_sdk
stop_when_idle
if [[ $method == low-level ]]; then install_docker; fi
chown -R ec2-user: "$own" "$home/.config"
if [[ -d $workshop ]]; then chown -R ec2-user: "$workshop"; fi
dnf install -y -q python3.12
# The kernel's packages are a gigabyte: the first time they take longer than the five minutes
# that this script has.
if bash "$own/instance/kernel.sh" is-installed; then
    sudo -u ec2-user -H bash "$own/instance/kernel.sh" register "$region"
else
    nohup setsid sudo -u ec2-user -H bash "$own/instance/kernel.sh" install "$region" \
        > "$own/kernel.log" 2>&1 &
fi
if [[ $repository == none ]]; then echo "The lessons of $lessons are in $workshop/notebooks"; fi
