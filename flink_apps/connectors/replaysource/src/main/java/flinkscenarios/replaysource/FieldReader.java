package flinkscenarios.replaysource;

import org.apache.flink.table.data.GenericRowData;

/** Reads the fields of a line into the columns of these names. */
interface FieldReader {

    /** Sets the columns to the texts of their fields; if the line is malformed, all stay NULL. */
    void read(byte[] line, GenericRowData row);
}
