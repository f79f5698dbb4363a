#!/bin/sh
# Names every tool that must be there before the set-up can start, and how to get it. Prints nothing where all is well.
missing=0
need() {
    missing=1
    printf 'missing: %s\n  needed for: %s\n  get it: %s\n' "$1" "$2" "$3" >&2
}

python=$(command -v "${PYTHON:-python3.11}" || command -v python3)
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    need 'Python 3.11' 'everything (the managed runtime FLINK-1_20 runs Python 3.11)' \
        'apt-get install python3.11 python3.11-venv, brew install python@3.11, or pyenv install 3.11; PYTHON=/path/to/python3.11 make … picks one'
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    need 'the venv module of Python 3.11' 'the virtual environment .venv' 'apt-get install python3.11-venv'
fi

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
case "$version" in
    11 | 17) ;;
    *) need 'Java 11 or 17' "Flink, Kafka and the connector build (found: ${version:-none})" \
        'apt-get install openjdk-17-jdk-headless, brew install openjdk@17, or set JAVA_HOME' ;;
esac

if ! [ -w . ] || { [ -e build ] && ! [ -w build ]; }; then
    need "permission to write to $(pwd)" 'what is built, and each run' \
        "clone the project into a folder of your own, or: sudo chown -R $(id -un) '$(pwd)'"
fi

command -v mvn >/dev/null || need 'Maven' 'the connector build' 'apt-get install maven, or brew install maven'
exit $missing
