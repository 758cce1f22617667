// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows of this module. */
class ArchitectureTest {

    private final JavaClasses all = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/generator/"))
            .importPackages("io.varve.kafka");

    @Test
    void shouldSeeTheClasses() {
        assertThat(all.contain(MessageReader.class)).isTrue();
        assertThat(all.size()).isGreaterThan(200);
    }

    @Test
    void shouldDependOnTheJdkOnly() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("io.varve.kafka..", "java..", "org.jspecify..")
                .check(all);
    }

    @Test
    void shouldNotPointFromTheEncodingToTheMessages() {
        noClasses()
                .that()
                .resideInAPackage("io.varve.kafka")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.varve.kafka.message")
                .check(all);
    }

    @Test
    void shouldHaveNoCycles() {
        slices().matching("io.varve.kafka.(*)..").should().beFreeOfCycles().check(all);
    }

    @Test
    void shouldHaveNoThreadsClocksOrFiles() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.concurrent..", "java.nio.file..", "java.time..", "java.net..")
                .check(all);
    }
}
