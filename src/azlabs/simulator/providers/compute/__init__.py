"""Microsoft.Compute: virtual machines, scale sets, disks, images, galleries."""
