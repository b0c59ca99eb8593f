#!/bin/sh
# Makes models/duider.model anew from the public inputs: prepare, eight stages of training, means of them, calibration, export.  Hours on two cores; goes on where it stopped.
# usage: training/rebuild.sh DATA WORK      DATA: the folder that README.md describes; WORK: a folder for what is made on the way
# PYTHON names the interpreter that has requirements.txt installed (default: python3).
set -eu
data=$1 work=$2
here=$(dirname "$0")
python=${PYTHON:-python3}
"$python" "$here/prepare.py" --shared "$data" --out "$work/prepared"
weights=$(find "$work/prepared" -name e5-small-q4.bin)
make -C "$here/.." all build/bench/logits
stage() { # NAME CONFIG [START]
    [ -f "$work/$1/model.pt" ] || "$python" "$here/train.py" --prepared "$work/prepared" --pretrained "$weights" --out "$work/$1" --config "$here/$2" ${3:+--start "$work/$3/model.pt"}
}
stage first config.json
stage second config-second.json first
stage third config-third.json second
stage fourth config-fourth.json third
stage fifth config-fifth.json fourth
mkdir -p "$work/fourth-and-fifth"
"$python" "$here/average.py" "$work/fourth/model.pt" "$work/fifth/model.pt" --out "$work/fourth-and-fifth/model.pt"
stage seventh config-seventh.json fourth-and-fifth
stage eighth config-eighth.json seventh
mkdir -p "$work/four"
"$python" "$here/average.py" "$work/fourth/model.pt" "$work/fifth/model.pt" "$work/seventh/model.pt" "$work/eighth/model.pt" --out "$work/four/model.pt"
stage ninth config-ninth.json four
"$python" "$here/average.py" "$work/four/model.pt" "$work/ninth/model.pt" --out "$work/mean.pt"
"$python" "$here/export.py" --prepared "$work/prepared" --checkpoint "$work/mean.pt" --out "$work/uncalibrated.model"
"$python" "$here/calibrate.py" --prepared "$work/prepared" --model "$work/uncalibrated.model" --duider "$here/../build/duider" --out "$work/calibration.json"
"$python" "$here/export.py" --prepared "$work/prepared" --checkpoint "$work/mean.pt" --calibration "$work/calibration.json" --out "$here/../models/duider.model"
"$python" "$here/parity.py" golden --prepared "$work/prepared" --checkpoint "$work/mean.pt"
