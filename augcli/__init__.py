"""augcli: expands a labelled image data set on disk, label-true."""
