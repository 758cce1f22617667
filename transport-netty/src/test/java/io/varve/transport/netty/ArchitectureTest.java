// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** A transport knows the port that it implements, and nothing else of Varve; and the port knows nothing. */
class ArchitectureTest {

    @Test
    void shouldKnowNothingButThePort() {
        JavaClasses classes = importer().importPackages("io.varve.transport.netty");

        noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("io.varve..")
                        .and(resideOutsideOfPackages("io.varve.transport.netty..", "io.varve.replication.transport..")))
                .check(classes);
    }

    @Test
    void shouldKeepNettyOutOfThePort() {
        JavaClasses classes = importer().importPackages("io.varve.replication.transport");

        noClasses()
                .should()
                .dependOnClassesThat(resideOutsideOfPackages(
                        "java..", "javax.security.auth.x500..", "org.jspecify..", "io.varve.replication.transport.."))
                .check(classes);
    }

    private static ClassFileImporter importer() {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("-tests.jar")); // the contract of transports
    }
}
