// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

/** The configuration is wrong and the member does not start; the message is one line that says where and what to do. */
public final class ZooConfigException extends RuntimeException {

    private final String file;
    private final int line;

    ZooConfigException(String file, int line, String message) {
        super((line > 0 ? file + ":" + line : file) + ": " + message);
        this.file = file;
        this.line = line;
    }

    ZooConfigException(Setting setting, String problem) {
        this(setting.file(), setting.line(), setting.shown() + ": " + problem);
    }

    /** The file that is wrong. */
    public String file() {
        return file;
    }

    /** The line in the file, from 1; 0 when the file as a whole is wrong. */
    public int line() {
        return line;
    }
}
