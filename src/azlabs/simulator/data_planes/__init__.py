"""What clients of a resource speak to beside the control plane, one package per kind of host."""
