// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The requests a client of ZooKeeper 3.9 may send, with the short name under which statistics know them. */
enum OpCode {
    CREATE(1, "CREA"),
    DELETE(2, "DELE"),
    EXISTS(3, "EXIS"),
    GET_DATA(4, "GETD"),
    SET_DATA(5, "SETD"),
    GET_ACL(6, "GETA"),
    SET_ACL(7, "SETA"),
    GET_CHILDREN(8, "GETC"),
    SYNC(9, "SYNC"),
    PING(11, "PING"),
    GET_CHILDREN2(12, "GETC"),
    /** Only within a multi. */
    CHECK(13, "CHEC"),
    MULTI(14, "MULT"),
    CREATE2(15, "CREA"),
    RECONFIG(16, "RECO"),
    CHECK_WATCHES(17, "CHKW"),
    REMOVE_WATCHES(18, "REMW"),
    CREATE_CONTAINER(19, "CREA"),
    CREATE_TTL(21, "CREA"),
    MULTI_READ(22, "MLTR"),
    AUTH(100, "AUTH"),
    SET_WATCHES(101, "SETW"),
    SASL(102, "SASL"),
    GET_EPHEMERALS(103, "GETE"),
    GET_ALL_CHILDREN_NUMBER(104, "GETACN"),
    SET_WATCHES2(105, "STW2"),
    ADD_WATCH(106, "ADDW"),
    WHO_AM_I(107, "HOMI"),
    CLOSE_SESSION(-11, "CLOS");

    private static final Map<Integer, OpCode> BY_CODE = new HashMap<>();

    static {
        for (OpCode opCode : values()) {
            BY_CODE.put(opCode.code, opCode);
        }
    }

    private final int code;
    private final String shortName;

    OpCode(int code, String shortName) {
        this.code = code;
        this.shortName = shortName;
    }

    /** The number on the wire. */
    int code() {
        return code;
    }

    /** As the four-letter words print it: the last operation of a connection. */
    String shortName() {
        return shortName;
    }

    /** The request with that number, or null when there is none. */
    static @Nullable OpCode of(int code) {
        return BY_CODE.get(code);
    }
}
